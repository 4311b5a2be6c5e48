"""Small damage to healthy packets, in every codec that decoding is planned for."""

from pathlib import Path

from benchmarks import mutations
from vq.video import syntax


def test_every_planned_frame_is_that_of_a_full_decode(tmp_path: Path) -> None:
    """A hundred and fifty mutations; some are planned all the same, a rule forbids others."""
    outcomes = mutations.run(tmp_path, list(mutations.FORMATS), 150, seed=11)

    assert len(outcomes) >= 150
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert {outcome.damage for outcome in outcomes} == set(mutations.DAMAGES)
    assert 20 < sum(not outcome.rule for outcome in outcomes) < 130


def test_every_planned_codec_is_mutated(tmp_path: Path) -> None:
    """Whoever plans another codec mutates it."""
    import av

    used = set()
    for name in mutations.FORMATS:
        with av.open(mutations.make(tmp_path, name)) as container:
            used.add(container.streams.video[0].codec_context.codec.canonical_name)

    assert used >= {*syntax.READERS, *syntax.WITH_UNITS, *syntax.MPEG2} - syntax.COUNTED
