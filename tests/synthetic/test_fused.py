"""The label falls with damage of every kind, and says which kind it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.synthetic.damage import DAMAGE
from vq.synthetic import fused
from vq.synthetic.demo.distort import DISTORTIONS
from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.full_reference import Measures, measure
from vq.synthetic.tones import Tone

STRENGTHS = (0.1, 0.45, 0.9)


def hand_made(frames: int = 20, *, tone: Tone | None = None, **series: object) -> Measures:
    """Measures of a copy that nothing was done to, but for what is named."""
    whole = {
        **dict.fromkeys(("vmaf", "vmaf_neg"), 100.0),
        **dict.fromkeys(("psnr", "psnr_cb", "psnr_cr"), 60.0),
        "ssim": 1.0,
        **dict.fromkeys(("cambi", "cambi_reference"), 0.0),
        **dict.fromkeys(("motion", "motion_copy"), 4.0),
    }
    luma = np.tile(np.linspace(20.0, 230.0, 12), (frames, 1))
    grey = np.full((frames, 2), 128.0)
    whole |= {"luma": luma, "luma_copy": luma, "chroma": grey, "chroma_copy": grey, **series}
    values = {
        name: np.broadcast_to(value, frames) if np.ndim(value) < 2 else value
        for name, value in whole.items()
    }
    return Measures(fps=25.0, tone=tone or Tone(), **values)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGE)
def test_stronger_damage_has_a_lower_label(
    kind: str, film: Clip, original: Path, tmp_path: Path
) -> None:
    """Whatever the kind: mild damage is good, more of it is worse, much of it is seen."""
    values = []
    for strength in STRENGTHS:
        path = tmp_path / f"{kind}-{strength}.mkv"
        DAMAGE[kind](film, strength, path)
        values.append(fused.label(measure(original, path)).value)

    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1] + 0.5
    assert values[0] > (3.5 if kind == "lost" else 4)


@pytest.mark.slow
def test_an_undamaged_copy_is_best(film: Clip, compare: Callable[[Clip], Measures]) -> None:
    """What a good encoder leaves is next to nothing."""
    assert fused.label(compare(film)).value > 4.7


@pytest.mark.slow
def test_noise_costs_what_vmaf_does_not_see(
    film: Clip, compare: Callable[[Clip], Measures]
) -> None:
    """VMAF calls strong noise nearly perfect."""
    measures = compare(DISTORTIONS["sensor_noise"](film, 1.0, np.random.default_rng(1)))

    label = fused.label(measures)

    assert measures.means["vmaf"] > 75
    assert label.value < 3.5
    assert label.impairments["difference"] > label.impairments["compression"]


@pytest.mark.slow
def test_halos_cost_although_vmaf_likes_them(
    film: Clip, compare: Callable[[Clip], Measures]
) -> None:
    """Sharpening raises VMAF."""
    from benchmarks import edits

    plain, sharp = compare(film), compare(edits.halos(film, amount=1.5))

    assert sharp.means["vmaf"] > plain.means["vmaf"] - 1
    assert fused.label(sharp).value < fused.label(plain).value - 0.5


@pytest.mark.slow
def test_a_darker_copy_is_no_ruin(film: Clip, compare: Callable[[Clip], Measures]) -> None:
    """Two thirds of a stop too dark is still good, and it is exposure that is blamed."""
    dark = (film * 2.0 ** (-0.67 / 2.2)).astype(np.uint8)

    label = fused.label(compare(dark))

    assert 3.5 < label.value < 4.8
    assert label.impairments["exposure"] > label.impairments["compression"]


def test_nothing_done_is_five() -> None:
    """The scale's end is reached."""
    label = fused.label(hand_made())

    assert label.value == 5
    assert set(label.impairments.values()) == {0}


def test_vmaf_neg_of_fifty_is_three() -> None:
    """Straight between the ends: half of four grades is lost."""
    assert fused.label(hand_made(vmaf_neg=50.0)).value == pytest.approx(3.0)


def test_impairments_of_a_frame_add_up_as_a_norm() -> None:
    """VMAF NEG of 50 costs 2 grades, PSNR and SSIM of 2.2 each cost 2.2: (2^4 + 2.2^4)^(1/4)."""
    label = fused.label(hand_made(vmaf_neg=50.0, psnr=24.0, ssim=0.7))

    assert label.impairments["difference"] == pytest.approx(2.2)
    assert label.value == pytest.approx(5 - (2**4 + 2.2**4) ** 0.25)


def test_bad_moments_count_more() -> None:
    """A quarter of the frames at VMAF NEG 0: the root of 4, not the mean of 1."""
    neg = np.where(np.arange(20) < 5, 0.0, 100.0)

    assert fused.label(hand_made(vmaf_neg=neg)).value == pytest.approx(5 - 2)


def test_a_stall_costs_by_its_length_and_by_what_moves() -> None:
    """One second on show while much moves, half a second, and the same of a still scene."""
    moved = np.full(50, 4.0)
    long, short = moved.copy(), moved.copy()
    long[20:45], short[20:32] = 0.0, 0.0
    long[45], short[32] = 9.0, 9.0
    values = [fused.label(hand_made(50, motion_copy=m)).value for m in (moved, short, long)]
    calm = fused.label(hand_made(50, motion=0.05, motion_copy=np.where(long == 0, 0, 0.05)))

    assert values == sorted(values, reverse=True)
    assert values[0] == 5
    assert values[2] < 3.8
    assert calm.value == 5


def test_a_stall_goes_on_while_the_reference_rests() -> None:
    """Every fifth frame of the reference repeats one, in the copy as well: that is no stall."""
    motion = np.where(np.arange(40) % 5 == 4, 0.0, 4.0)
    frozen = motion.copy()
    frozen[11:27], frozen[27] = 0.0, 9.0

    assert fused.repeats(hand_made(40, motion=motion, motion_copy=motion)).max() == 0
    repeated = fused.repeats(hand_made(40, motion=motion, motion_copy=frozen))
    assert np.flatnonzero(repeated).tolist() == list(range(11, 27))


def test_a_codec_that_leaves_motion_out_does_not_stall() -> None:
    """It never catches up by a jump: what it lost is damage of the picture."""
    motion = np.full(40, 0.8)
    skipped = np.where((np.arange(40) > 10) & (np.arange(40) < 30), 0.05, 0.8)

    assert fused.repeats(hand_made(40, motion=motion, motion_copy=skipped)).max() == 0


def test_a_stalled_picture_is_late_not_damaged() -> None:
    """The frames that VMAF compares with the wrong moment of the reference do not count twice."""
    motion = np.full(50, 4.0)
    motion[20:45], motion[45] = 0.0, 9.0
    neg = np.where(motion == 0, 30.0, 100.0)

    label = fused.label(hand_made(50, motion_copy=motion, vmaf_neg=neg))

    assert label.impairments["stalls"] > 1
    assert label.impairments["compression"] < 0.5


@pytest.mark.parametrize("stops", [-3.0, -1.0, 1.0, 3.0])
def test_exposure_costs_by_stops(stops: float) -> None:
    """Half of them cost less; three of them are poor, and one is no more than a grade."""
    factor = 2 ** (stops / 2.2)
    whole, half = (
        fused.label(hand_made(tone=Tone(gain=gain))).value for gain in (factor, factor**0.5)
    )

    assert whole < half < 5
    assert (whole > 4) == (abs(stops) < 2)


def test_another_white_costs() -> None:
    """Chroma that moved; that less light has less colour is exposure."""
    blue = np.tile([150.0, 118.0], (20, 1))
    faded = np.tile([139.0, 123.0], (20, 1))

    tinted = fused.label(hand_made(chroma_copy=blue))
    darker = fused.label(hand_made(chroma=blue, chroma_copy=faded, tone=Tone(gain=0.5)))

    assert 3.5 < tinted.value < 4.7
    assert darker.impairments["colour"] < 0.1


@settings(max_examples=60)
@given(
    name=some.sampled_from(["vmaf_neg", "psnr", "ssim", "cambi"]),
    values=some.lists(some.floats(0, 1), min_size=4, max_size=4),
    less=some.floats(0, 1),
)
def test_worse_measures_never_have_a_higher_label(
    name: str, values: list[float], less: float
) -> None:
    """Of each measure alone, whatever the others say; and no label leaves the scale."""
    tops = {"vmaf_neg": 100.0, "psnr": 60.0, "ssim": 1.0, "cambi": 30.0}
    at = dict(zip(tops, values, strict=True))
    worse = at | {name: 1 - (1 - at[name]) * less if name == "cambi" else at[name] * less}
    one, two = (
        fused.label(hand_made(**{key: tops[key] * value for key, value in side.items()})).value
        for side in (at, worse)
    )

    assert two <= one + 1e-9
    assert 1 <= two <= one + 1e-9 <= 5 + 1e-9
