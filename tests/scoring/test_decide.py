"""A decision at a threshold, from the shortest look that is sure of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.decide import decided
from tests import conftest
from tests.scoring.toy import BRIGHTNESS, random_network, write_bundle, write_video
from vq import cli
from vq.errors import ParamsError
from vq.inference import runtime, sure_calibration
from vq.inference.score_all_modes import StageScores, score_video
from vq.inference.stages import EIGHTH, EXACT, HALF, ONE, STAGES, THOROUGH, THREE, Steps
from vq.inference.sure import LEVELS, Distance, Sureness, ThresholdLevels
from vq.scoring.api import Isolated
from vq.video import packets
from vq.video.decode import in_groups

MOMENTS = 8


def sure(width: float) -> dict[str, Any]:
    """Every stage is so far from the thorough score at most, whatever the error."""
    kind = {"videos": 99, "slope": 1.0, "intercept": 0.0}
    kind |= {"below": [width] * len(LEVELS), "above": [width] * len(LEVELS)}
    stages = [{"stage": s, "single": {**kind}, "several": {**kind}} for s in STAGES[:-1]]
    return {"videos": 99, "contents": 9, "stages": stages}


def narrow(calibration: dict[str, Any], stage: str) -> dict[str, Any]:
    """The same, but a stage is always sure."""
    for one in calibration["stages"]:
        for kind in ("single", "several") if one["stage"] == stage else ():
            one[kind]["below"] = one[kind]["above"] = [0.0] * len(LEVELS)
    return calibration


def h264(path: Path, keyframes: str) -> Path:
    """A video that becomes lighter, with a keyframe every so many frames."""
    return conftest.write_video(
        path,
        48,
        height=24,
        codec="libx264",
        pix_fmt="yuv420p",
        options={"g": keyframes, "keyint_min": keyframes, "bf": "0"},
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A student of eight moments; black scores 3, white more."""
    return write_bundle(tmp_path / "student", *BRIGHTNESS, moments=MOMENTS, sure=sure(0.05))


def test_a_look_is_no_longer_than_it_takes(bundle: Path, tmp_path: Path) -> None:
    """Far from the threshold one moment is enough; so near to it that none is sure, all is seen."""
    model = runtime.load(bundle)
    black = write_video(tmp_path / "black.mkv", frames=40, level=lambda _: 0)

    far, near = (model.score(black, threshold=at, error=0.01) for at in (3.5, 3.01))

    assert (far.side, far.stage, far.mode, far.frames, far.low) == ("below", ONE, "", 2, None)
    assert (far.thorough_low, far.thorough_high) == (pytest.approx(2.95), pytest.approx(3.05))
    assert (near.side, near.stage, near.mode) == ("below", THOROUGH, "thorough")
    assert near.thorough_low == near.score == near.thorough_high


def test_the_last_stage_is_a_thorough_score(tmp_path: Path) -> None:
    """To the last bit: nothing is decided on another number than the mode gives."""
    mode = {"slope": 1, "intercept": 0, "exact_srcc": 1, "srcc": 1}
    modes = dict.fromkeys(("fast", "thorough"), mode)
    bundle = write_bundle(
        tmp_path / "a", *random_network(3), moments=MOMENTS, sure=sure(9.0), modes=modes
    )
    video = write_video(tmp_path / "ramp.mkv", frames=40, level=lambda number: 6 * number)
    model = runtime.load(bundle)

    row = model.score(video, threshold=3.0)

    assert row.stage == THOROUGH
    assert row.score == model.score(video, mode="thorough").score


def test_a_stage_that_a_card_lacks_decides_nothing(tmp_path: Path) -> None:
    """Cards of a time when there were fewer: the next stage decides."""
    calibration = narrow(narrow(sure(9.0), EIGHTH), HALF)
    calibration["stages"] = [one for one in calibration["stages"] if one["stage"] != EIGHTH]
    bundle = write_bundle(tmp_path / "a", *BRIGHTNESS, moments=MOMENTS, sure=calibration)
    black = write_video(tmp_path / "black.mkv", frames=40, level=lambda _: 0)

    assert runtime.load(bundle).score(black, threshold=3.5).stage == HALF


def test_calibration_sees_what_a_decision_sees(tmp_path: Path) -> None:
    """Each stage by itself gives the score that it was calibrated by, on either kind of file."""
    network = random_network(4)
    for keyframes in ("4", "250"):
        video = h264(tmp_path / f"{keyframes}.mkv", keyframes)
        model = runtime.load(write_bundle(tmp_path / "b", *network, moments=MOMENTS))
        looks, stages = score_video(model, video)
        for stage in STAGES[:-1]:
            only = narrow(sure(9.0), stage)
            row = runtime.load(
                write_bundle(tmp_path / "c", *network, moments=MOMENTS, sure=only)
            ).score(video, threshold=1.01)
            assert (row.stage, row.score) == (stage, pytest.approx(stages.scores[stage], abs=1e-6))
        assert looks["exact"].score == stages.scores[EXACT]
        assert stages.several is (keyframes == "4")
        steps = Steps.of(model.spec, packets.read(video))
        assert steps is not None
        assert steps.apart is (keyframes == "4")


@pytest.mark.parametrize("keyframes", ["4", "250"])
def test_nothing_is_decoded_twice(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyframes: str
) -> None:
    """Up to the exact look, each moment is converted once, whatever step it belongs to."""
    seen: list[int] = []

    def counted(*args: Any, **options: Any) -> Any:  # noqa: ANN401
        see = options.pop("see")
        return in_groups(*args, see=lambda c, f: (seen.append(f.pts), see(c, f))[1], **options)

    monkeypatch.setattr("vq.inference.stages.in_groups", counted)
    only = narrow(sure(9.0), EXACT)
    bundle = write_bundle(bundle, *BRIGHTNESS, moments=MOMENTS, sure=only)
    video = h264(tmp_path / "ramp.mkv", keyframes)

    row = runtime.load(bundle).score(video, threshold=3.5)

    assert (row.stage, row.frames) == (EXACT, len(seen))
    assert len(set(seen)) == len(seen)


def test_a_student_that_was_not_calibrated_says_so(tmp_path: Path) -> None:
    """Cards of earlier versions; and a threshold that divides nothing."""
    video = write_video(tmp_path / "black.mkv", level=lambda _: 0)
    old = runtime.load(write_bundle(tmp_path / "old", *BRIGHTNESS))
    new = runtime.load(write_bundle(tmp_path / "new", *BRIGHTNESS, sure=sure(0.1)))

    with pytest.raises(ParamsError, match="was not calibrated to decide at a threshold"):
        old.score(video, threshold=3.0)
    with pytest.raises(ParamsError, match="a threshold of 5 divides nothing: scores are from 1"):
        new.score(video, threshold=5.0)
    for name, threshold, why in (("old", 3.0, "not calibrated"), ("new", 9.0, "divides nothing")):
        with (
            Isolated(tmp_path / name, threads=1, limits=None) as isolated,
            pytest.raises(ParamsError, match=why),
        ):
            isolated.score(video, threshold=threshold)


def test_a_map_moves_the_threshold(bundle: Path, tmp_path: Path) -> None:
    """Decisions are on the scale on which scores are given."""
    scale = {"model": "student 1", "releases": 1, "map": {"points": [[1, 1], [3, 2], [5, 5]]}}
    mapped = write_bundle(
        tmp_path / "m", *BRIGHTNESS, moments=MOMENTS, sure=sure(0.05), format=4, scores_as=scale
    )
    black = write_video(tmp_path / "black.mkv", frames=40, level=lambda _: 0)

    row = runtime.load(mapped).score(black, threshold=2.5)

    assert (row.side, row.score, row.stage) == ("below", pytest.approx(2), ONE)


def stages(count: int, rng: np.random.Generator, spread: float = 0.1) -> list[StageScores]:
    """Videos of which every stage says the thorough score and some noise."""
    scores = rng.uniform(1, 5, count)
    noise = rng.normal(0, spread, (count, len(STAGES) - 1))
    return [
        StageScores(
            bool(number % 2),
            {THOROUGH: score, **dict(zip(STAGES[:-1], (score + row).tolist(), strict=True))},
        )
        for number, (score, row) in enumerate(zip(scores.tolist(), noise, strict=True))
    ]


def test_ends_are_exceeded_no_more_often_than_meant() -> None:
    """On videos to come: split conformal, on either side, at each level."""
    rng = np.random.default_rng(5)
    calibrated = sure_calibration.fit(stages(2000, rng), np.arange(2000))

    assert calibrated is not None
    for error in (0.1, 0.01):
        outside = 0
        for one in stages(4000, rng):
            ends = calibrated.bounds(THREE, one.scores[THREE], several=one.several, error=error)
            assert ends is not None
            outside += one.scores[THOROUGH] < ends[1]
        assert outside / 4000 == pytest.approx(error, rel=0.35)


def test_no_more_decisions_are_wrong_than_asked_for() -> None:
    """On videos to come; since few are near, one moment decides more than look by look."""
    rng = np.random.default_rng(7)
    calibrated = sure_calibration.fit(stages(1000, rng), np.arange(1000))
    assert calibrated is not None
    each = replace(calibrated, thresholds=())
    come = stages(4000, rng)

    for threshold in (2.0, 3.03):
        sides = [decided(one, calibrated, threshold, 0.01) for one in come]
        right = [one.scores[THOROUGH] >= threshold for one in come]
        wrong = sum(side != is_above for (_, side), is_above in zip(sides, right, strict=True))
        assert 0 < wrong <= 0.01 * len(come)
        by_one = sum(stage == ONE for stage, _ in sides)
        assert by_one > sum(decided(one, each, threshold, 0.01)[0] == ONE for one in come)


def test_between_two_thresholds_the_stricter_one_counts() -> None:
    """Beyond the last, the last; a share below all that were calibrated lets no look decide."""
    rows = [(2.0, 0.1), (3.0, 0.02), (4.0, 0.05)]
    thresholds = tuple(ThresholdLevels(at, (level,) * len(LEVELS)) for at, level in rows)
    sure_of = Sureness(99, 9, (), thresholds)

    levels = [sure_of.level(at, 0.01) for at in (1.5, 2.0, 2.5, 3.0, 3.9, 4.5)]

    assert levels == [0.1, 0.1, 0.02, 0.02, 0.02, 0.05]
    assert sure_of.level(2.0, 1e-4) == 0
    assert Sureness(99, 9, ()).level(2.0, 0.01) == 0.01


def test_of_few_videos_nothing_rare_is_promised() -> None:
    """99 videos of a kind tell of one in a hundred, and of nothing rarer; 10 of nothing."""
    rng = np.random.default_rng(6)
    calibrated = sure_calibration.fit(stages(198, rng), np.arange(198))

    assert calibrated is not None
    assert calibrated.least_error == 0.01
    assert calibrated.bounds(HALF, 3.0, several=True, error=0.005) is None
    assert sure_calibration.fit(stages(10, rng), np.arange(10)) is None


def test_an_error_between_levels_takes_the_stricter_one() -> None:
    """7 % is held by what holds 5 %."""
    widths = tuple(float(n) for n in range(len(LEVELS)))
    distance = Distance(99, 1.0, 0.0, widths, widths)

    assert distance.bounds(3.0, error=0.07) == distance.bounds(3.0, error=0.05) == (3.0, -1.0, 7.0)
    assert distance.bounds(3.0, error=0.5) == (3.0, 3.0, 3.0)
    assert replace(distance, below=()).bounds(3.0, error=0.5) is None


def test_the_command_decides(
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Rows say the side and the stage; options that contradict are refused before the work."""
    write_video(tmp_path / "videos/black.mkv", frames=40, level=lambda _: 0)
    write_video(tmp_path / "videos/white.mkv", frames=40)
    monkeypatch.chdir(tmp_path)
    score = ["score", "videos", "--model", "student", "--decide"]

    assert cli.main([*score, "3.5", "--error", "1%", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["side"], row["stage"]) for row in rows] == [("below", ONE), ("above", ONE)]
    assert cli.main([*score, "3.5", "--mode", "fast"]) == 2
    assert "--decide and --mode do not go together" in capsys.readouterr().err
    assert cli.main([*score, "9"]) == 2
    told = capsys.readouterr()
    assert "a threshold of 9 divides nothing: scores are from 1 to 5" in told.err
    assert told.out == ""
    for ambiguous in ("0.5", "1"):
        with pytest.raises(SystemExit):
            cli.main([*score, "3.5", "--error", ambiguous])
        assert f"such as 1% or 0.01; from 0.1 on with the sign %; got '{ambiguous}'" in (
            capsys.readouterr().err
        )
    write_bundle(bundle, *BRIGHTNESS)
    assert cli.main([*score, "3.5"]) == 2
    assert "was not calibrated to decide at a threshold" in capsys.readouterr().err


def test_scores_of_decisions_are_not_resumed_as_exact(
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A look that was enough for a threshold says little of the score itself."""
    write_video(tmp_path / "videos/black.mkv", frames=40, level=lambda _: 0)
    monkeypatch.chdir(tmp_path)
    score = ["score", "videos", "--model", "student", "--output", "rows.csv"]

    assert cli.main([*score, "--decide", "3.5"]) == 0
    assert cli.main([*score, "--resume"]) == 2
    assert "rows.csv: has scores of --decide" in capsys.readouterr().err


def test_a_file_that_ends_early_is_decided_as_it_is_scored(tmp_path: Path) -> None:
    """It delivers fewer frames than its packets promise: the looks begin anew with those."""
    whole = h264(tmp_path / "whole.mkv", "250")
    cut = tmp_path / "cut.mkv"
    data = bytearray(whole.read_bytes())
    data[len(data) * 2 // 3 :] = bytes(len(data) - len(data) * 2 // 3)
    cut.write_bytes(data)
    network = random_network(4)
    model = runtime.load(
        write_bundle(tmp_path / "a", *network, moments=MOMENTS, sure=narrow(sure(9.0), EXACT))
    )

    row = model.score(cut, threshold=1.01)

    assert (row.stage, row.score) == (EXACT, model.score(cut).score)
