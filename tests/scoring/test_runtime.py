"""A file has one score, wherever and however it is computed."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.scoring.toy import (
    BRIGHTNESS,
    MOMENTS,
    SIDE_PX,
    random_network,
    write_bundle,
    write_video,
)
from vq.errors import WeightsError
from vq.inference import runtime

WHITE = np.full((MOMENTS, 4, SIDE_PX, SIDE_PX), 255, np.uint8)


def test_a_score_is_the_expectation_over_the_levels(tmp_path: Path) -> None:
    """White has the logits 0 and 1, so the upper of the levels 1 and 5 has e / (1 + e)."""
    upper = math.e / (1 + math.e)

    scored = runtime.load(write_bundle(tmp_path, *BRIGHTNESS)).predict(WHITE)

    np.testing.assert_allclose(scored.levels, [1 - upper, upper], rtol=1e-6)
    assert scored.score == pytest.approx(1 + 4 * upper, rel=1e-6)


def test_a_file_has_the_score_of_its_views(tmp_path: Path) -> None:
    """A white video is white wherever one looks."""
    model = runtime.load(write_bundle(tmp_path / "student", *BRIGHTNESS))

    row = model.score(write_video(tmp_path / "white.mkv"))

    assert (row.status, row.reason, row.model) == ("ok", "", model.card.model_id)
    assert row.score == model.predict(WHITE).score
    assert sum(row.levels) == pytest.approx(1)
    assert row.frames == 2 * MOMENTS
    assert row.seconds > 0


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        pytest.param(None, (None, None), id="none-known"),
        pytest.param({"coverage": 0.9, "half_width": 0.25}, (4.75, 5.0), id="within-the-scale"),
    ],
)
def test_a_score_has_the_interval_of_the_card(
    tmp_path: Path, interval: dict[str, float] | None, expected: tuple[float | None, float | None]
) -> None:
    """A white video is as good as can be; what lies above the scale is cut off."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS, interval=interval)
    model = runtime.load(bundle)

    row = model.score(write_video(tmp_path / "white.mkv"))
    assert (row.low, row.high) == model.card.around(row.score)
    assert model.card.around(5.0) == expected


def test_the_score_depends_on_neither_threads_nor_company(tmp_path: Path) -> None:
    """Same bits on 1, 2 and 4 threads, first or last, alone or after others."""
    bundle = write_bundle(tmp_path, *random_network(7))
    rng = np.random.default_rng(7)
    videos = [rng.integers(0, 256, WHITE.shape, np.uint8) for _ in range(4)]

    alone = [runtime.load(bundle).predict(video) for video in videos]

    assert len({scored.score for scored in alone}) == len(videos)
    for threads in (1, 2, 4):
        model = runtime.load(bundle, threads=threads)
        for video, expected in reversed(list(zip(videos, alone, strict=True))):
            scored = model.predict(video)
            assert scored.score == expected.score
            assert scored.levels.tobytes() == expected.levels.tobytes()


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        pytest.param(None, "missing", "no such file", id="missing"),
        pytest.param(b"", "unreadable", "", id="empty"),
        pytest.param(b"only text\n" * 100, "unreadable", "", id="text"),
    ],
)
def test_a_file_that_is_no_video_has_a_reason(
    tmp_path: Path, content: bytes | None, status: str, reason: str
) -> None:
    """It becomes a row, not an exception: the others still get their score."""
    model = runtime.load(write_bundle(tmp_path / "student", *BRIGHTNESS))
    path = tmp_path / "bad.mp4"
    if content is not None:
        path.write_bytes(content)

    row = model.score(path)

    assert (row.video, row.status, row.score) == (str(path), status, None)
    assert row.reason
    assert reason in row.reason


def test_one_frame_is_no_video(tmp_path: Path) -> None:
    """There is no next frame to see a change in."""
    model = runtime.load(write_bundle(tmp_path / "student", *BRIGHTNESS))

    row = model.score(write_video(tmp_path / "picture.mkv", frames=1))

    assert (row.status, row.reason) == ("too_short", "1 frame; a video has at least 2")


def test_a_network_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    """Else a wrong cut of the video would be scored without a word."""
    views = {"moments": MOMENTS, "grid": 2, "patch_px": 16}
    with pytest.raises(WeightsError, match=r"views should be \[3, 4, 32, 32\], the network has"):
        runtime.load(write_bundle(tmp_path, *BRIGHTNESS, views=views))


def test_a_card_with_other_levels_is_refused(tmp_path: Path) -> None:
    """Each level has one value."""
    with pytest.raises(WeightsError, match=r"levels should be \[3\], the network has \[2\]"):
        runtime.load(write_bundle(tmp_path, *BRIGHTNESS, values=[1, 3, 5]))


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    """The hash may fit and the content still be none."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    bundle = write_bundle(tmp_path, *BRIGHTNESS, onnx_sha256=empty)
    (bundle / "student.onnx").write_bytes(b"")

    with pytest.raises(WeightsError, match=r"student\.onnx: ONNX Runtime .* refuses it"):
        runtime.load(bundle)
