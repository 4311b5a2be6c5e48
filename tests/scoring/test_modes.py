"""Three ways to look at a video, and a budget that chooses."""

from pathlib import Path

import numpy as np
import pytest

import vq
from tests.conftest import moving, write_video
from tests.scoring.toy import BRIGHTNESS, random_network, write_bundle
from tests.video.test_decode_plan import stream
from vq.errors import ParamsError
from vq.inference import modes, runtime
from vq.inference.modes import ModeRequest
from vq.video.views import ViewSpec

TOLD = {"slope": 0.5, "intercept": 1.0, "interval": None, "exact_srcc": 0.99, "srcc": 0.9}
KNOWN = {"fast": TOLD, "thorough": {**TOLD, "slope": 1.0, "intercept": 0.0}}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A video of many keyframes."""
    return write_video(
        tmp_path / "clip.mp4",
        120,
        codec="libx264",
        width=64,
        height=48,
        pix_fmt="yuv420p",
        picture=moving,
        options={"g": "20"},
    )


def test_every_row_says_its_mode(tmp_path: Path, clip: Path) -> None:
    """A closer look sees more frames."""
    model = runtime.load(write_bundle(tmp_path / "m", *random_network(1), modes=KNOWN, moments=5))

    rows = {mode: model.score(clip, mode=mode) for mode in modes.MODES}

    assert [row.mode for row in rows.values()] == ["fast", "exact", "thorough"]
    assert [row.frames for row in rows.values()] == [8, 10, 40]
    assert len({row.score for row in rows.values()}) == 3
    assert rows["exact"] == model.score(clip) or rows["exact"].score == model.score(clip).score


def test_a_fast_score_is_corrected(tmp_path: Path, clip: Path) -> None:
    """By the line of the card; the levels are what the network says."""
    model = runtime.load(write_bundle(tmp_path / "m", *BRIGHTNESS, modes=KNOWN, moments=5))

    row = model.score(clip, mode="fast")

    said = float(np.array(row.levels) @ np.array(model.card.values))
    assert row.score == pytest.approx(1 + 0.5 * said)


def test_a_thorough_look_is_the_mean_of_all_moments_as_they_are_and_mirrored(
    tmp_path: Path,
) -> None:
    """Each quarter of the moments goes through the network by itself."""
    model = runtime.load(write_bundle(tmp_path, *random_network(3), modes=KNOWN))
    views = np.random.default_rng(0).integers(0, 256, (12, 4, 16, 16), np.uint8)

    found = model.levels(views, "thorough")

    parts = [part for n in range(4) for part in (views[n::4], views[n::4][..., ::-1])]
    expected = np.mean([model.levels(part.copy(), "exact") for part in parts], axis=0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_where_nothing_is_cheaper_a_fast_score_is_the_exact_one(tmp_path: Path) -> None:
    """And says so: it is not corrected."""
    model = runtime.load(write_bundle(tmp_path / "m", *random_network(1), modes=KNOWN))
    video = write_video(tmp_path / "clip.mkv", 4, height=24, pix_fmt="bgr0", codec="ffv1")

    fast, exact = model.score(video, mode="fast"), model.score(video)

    assert (fast.mode, fast.score, fast.low) == ("exact", exact.score, exact.low)


@pytest.mark.parametrize("isolate", [False, True])
def test_a_student_that_was_not_calibrated_refuses(tmp_path: Path, isolate: bool) -> None:
    """Whoever asks is told once, not in every row."""
    bundle = write_bundle(tmp_path, *BRIGHTNESS)
    model = vq.load(bundle, isolate=isolate)

    with pytest.raises(ParamsError, match=r"has no mode fast: .* exact alone; `dvc repro`"):
        model.score(tmp_path / "clip.mp4", mode="fast")
    with pytest.raises(ParamsError, match="has no mode fast"):
        model.score(tmp_path / "clip.mp4", budget_ms=100.0)


def test_a_worker_looks_as_it_is_asked_to(tmp_path: Path, clip: Path) -> None:
    """The same row as in this process."""
    bundle = write_bundle(tmp_path / "m", *random_network(1), modes=KNOWN, moments=5)
    inside = runtime.load(bundle)

    with vq.load(bundle, isolate=True) as outside:
        for mode in modes.MODES:
            one, other = outside.score(clip, mode=mode), inside.score(clip, mode=mode)
            assert (one.mode, one.score, one.levels) == (mode, other.score, other.levels)


def test_a_budget_chooses_the_closest_look_that_fits() -> None:
    """The estimate grows with what is decoded; the same file has the same mode everywhere."""
    known = stream(["IPPPP"] * 20)
    spec = ViewSpec(moments=8, grid=5, patch_px=32)

    def at(budget: float) -> str:
        return modes.within(budget, known, 1920 * 1080, spec)

    costs = {
        mode: modes.estimate_ms(known, 1920 * 1080, modes.spec_of(mode, spec), views=views)
        for mode, views in (("exact", 1), ("thorough", 2))
    }
    assert costs["thorough"] > 2 * costs["exact"]
    assert at(costs["thorough"]) == "thorough"
    assert at(costs["thorough"] - 1) == at(costs["exact"]) == "exact"
    assert at(costs["exact"] - 1) == at(1.0) == "fast"


@pytest.mark.parametrize("budget", [0.0, -5.0, float("nan"), float("inf")])
def test_a_budget_is_a_time(budget: float) -> None:
    """Else it would quietly mean `fast`."""
    with pytest.raises(ParamsError, match="budget_ms should be a number above 0"):
        ModeRequest(budget_ms=budget)


def test_a_file_without_pictures_is_unreadable_whatever_the_budget(
    tmp_path: Path, clip: Path
) -> None:
    """A budget counts packets, and there may be none; a name may be too long for any file."""
    model = runtime.load(write_bundle(tmp_path / "m", *random_network(1), modes=KNOWN))
    content = clip.read_bytes()
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(content[: content.index(b"mdat") - 4])

    assert model.score(empty, budget_ms=100.0).status == "unreadable"
    assert model.score("x" * 5000).status == "missing"


def test_a_budget_asks_for_every_mode() -> None:
    """Since it may come to any."""
    with pytest.raises(ParamsError, match="no mode thorough"):
        ModeRequest(budget_ms=5.0).check(["fast"], "m")
    ModeRequest(budget_ms=5.0).check(["fast", "thorough"], "m")
    ModeRequest().check([], "m")
