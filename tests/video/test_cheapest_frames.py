"""The frames that cost least to decode."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import moving, write_video
from tests.video.test_decode_plan import stream
from vq.video import cheapest_frames, frame_sampling, packets
from vq.video.decode import decode
from vq.video.decode_plan import plan
from vq.video.views import ViewSpec, look

SPEC = ViewSpec(moments=8, grid=2, patch_px=8)


def exact(count: int) -> list[tuple[int, int]]:
    """Eight moments and their neighbours."""
    return [
        frame_sampling.pair(n, count) for n in frame_sampling.moments(count, moments=8).tolist()
    ]


def grouped(path: Path, gop: int) -> Path:
    """120 moving frames of H.264, a keyframe every `gop` of them."""
    return write_video(
        path,
        120,
        codec="libx264",
        width=96,
        height=64,
        pix_fmt="yuv420p",
        picture=moving,
        options={"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0"},
    )


def test_keyframes_next_to_the_moments_are_taken() -> None:
    """Twenty groups: four of their keyframes, spread over the video."""
    known = stream(["IPPPP"] * 20)

    found = cheapest_frames.pairs(known, exact(100))

    assert found is not None
    assert found == [(10, 11), (35, 36), (60, 61), (85, 86)]


@pytest.mark.parametrize("lengths", [[9] * 4, [9] * 5, [9] * 7, [1, 1, 1, 1, 90]])
def test_four_keyframes_are_enough(lengths: list[int]) -> None:
    """However unevenly they lie."""
    known = stream(["I" + "P" * length for length in lengths])

    found = cheapest_frames.pairs(known, exact(known.frame_count))

    assert found is not None
    assert len(set(found)) == 4
    keys = np.flatnonzero(known.start).tolist()
    assert all(now in keys for now, _ in found)


@pytest.mark.parametrize("groups", [["I" + "P" * 99], ["I" + "P" * 49] * 3])
def test_with_few_keyframes_the_last_moment_is_left_out(groups: list[str]) -> None:
    """A moment costs what leads up to it."""
    known = stream(groups)
    count = known.frame_count

    assert cheapest_frames.pairs(known, exact(count)) == exact(count)[:-1]


def test_nothing_is_cheaper_than_exact_where_every_frame_is_needed() -> None:
    """Or where packets cannot be relied on."""
    assert cheapest_frames.pairs(stream(["IPP"]), exact(3)) is None
    assert cheapest_frames.pairs(stream(["IPPPP"] * 20, fault="is odd"), exact(100)) is None


@pytest.mark.parametrize("gop", [10, 30, 250])
def test_a_cheap_look_costs_less_and_shows_real_frames(tmp_path: Path, gop: int) -> None:
    """The views are those of whole frames of the same numbers."""
    path = grouped(tmp_path / "clip.mp4", gop)

    found = look(path, SPEC, cheap=True)

    known = packets.read(path)
    assert found.cheap
    assert found.frame_count == 120
    less, more = (plan(known, n).decoded.sum() for n in (found.numbers, SPEC.indices(120)))
    assert less < more
    whole = decode(path, lambda _: found.numbers)
    pairs = [(n, frame_sampling.pair(n, 120)[1]) for n in found.numbers]
    pairs = [pair for pair in pairs if pair[1] in found.numbers]
    views = {now: SPEC.view(whole.pixels[now], whole.pixels[after]) for now, after in pairs}
    assert all(any((view == v).all() for v in views.values()) for view in found.views)
    assert (look(path, SPEC).numbers, look(path, SPEC).cheap) == (tuple(SPEC.indices(120)), False)


@pytest.mark.parametrize(
    ("gop", "starts"), [(10, [10, 40, 70, 100]), (30, [15, 30, 60, 90]), (250, [15, 45, 75, 105])]
)
def test_slack_shows_keyframes_for_less(tmp_path: Path, gop: int, starts: list[int]) -> None:
    """Moments are at keyframes where a part has one; the views are those of whole frames."""
    path = grouped(tmp_path / "clip.mp4", gop)
    spec = ViewSpec(moments=4, grid=2, patch_px=8, slack=1.0)

    found = look(path, spec)

    assert found.numbers == tuple(n for start in starts for n in (start, start + 1))
    known = packets.read(path)
    middles = ViewSpec(moments=4, grid=2, patch_px=8).indices(120)
    less, more = (plan(known, n).decoded.sum() for n in (found.numbers, middles))
    assert less < more or found.numbers == tuple(middles)
    whole = decode(path, lambda count: range(count))
    for view, start in zip(found.views, starts, strict=True):
        assert (view == spec.view(whole.pixels[start], whole.pixels[start + 1])).all()
