"""A file may hang, fill or kill whoever opens it: that is its problem, and no other file's."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import write_video
from vq import params
from vq.data import paths
from vq.errors import DataError
from vq.video.fingerprint import pack
from vq.video.inspect import Look, look, look_at
from vq.video.probe import sha256
from vq.workers.limits import Limits

MakeVideo = Callable[..., Path]


def looks(paths: Sequence[Path], **limits: float) -> list[Look]:
    """What is found, in worker processes."""
    settings = params.Import(limits=params.Limits(**limits))
    return list(look_at(paths, jobs=1, settings=settings))


def test_what_a_file_costs_is_its_problem(tmp_path: Path) -> None:
    """The reason names the knob, the remedy says what to do with it."""
    rough = np.random.default_rng(7).integers(0, 256, (8, 360, 640, 3), np.uint8)
    slow = write_video(
        tmp_path / "slow.mkv", 40, width=640, height=360, picture=lambda n, *_: rough[n % 8]
    )

    (late,) = looks([slow], seconds=0.001)

    assert late == Look(
        problem="its process was not done after 0.001 s (import.limits.seconds); "
        "raise the limit, or encode it again"
    )


def test_a_worker_finds_what_we_find(make_h264: MakeVideo) -> None:
    """Whatever travels, arrives."""
    path = make_h264()

    assert looks([path]) == [look(path, limits=Limits())]


def test_a_worker_takes_the_fingerprint_that_we_take(make_h264: MakeVideo) -> None:
    """If it is asked for one; hash by hash."""
    path = make_h264()

    (there,) = look_at([path], jobs=1, settings=params.Import(), fingerprints=True)
    here = look(path, limits=Limits(), fingerprints=True)

    assert there.fingerprint is not None
    assert here.fingerprint is not None
    assert pack(there.fingerprint) == pack(here.fingerprint)
    assert len(there.fingerprint.windows) == 8


def test_pictures_and_frames_have_limits(make_video: MakeVideo) -> None:
    """They are held before all of a file is decoded."""
    path = make_video(20, name="a.mp4", codec="mpeg4", pix_fmt="yuv420p", width=64, height=48)

    assert look(path, limits=Limits(megapixels=0.003, section="import")).problem == (
        "frames of 64 x 48 pixels; the limit is 0.003 megapixels (import.limits.megapixels); "
        "raise the limit, or encode it again"
    )
    assert look(path, limits=Limits(frames=10)).problem.endswith(
        "raise the limit, or encode it again"
    )
    assert look(path, limits=Limits(frames=20)).problem == ""


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """To read from a pipe that nobody writes to takes forever."""
    os.mkfifo(tmp_path / "pipe.mp4")

    found = looks([tmp_path / "pipe.mp4", Path("/dev/zero"), tmp_path, tmp_path / "a.mp4"])

    assert [one.problem.partition(";")[0] for one in found] == [
        *["is no ordinary file"] * 3, "no such file"
    ]  # fmt: skip


def test_a_playlist_is_not_followed(make_h264: MakeVideo, tmp_path: Path) -> None:
    """What it shows is not in the file; what it points at may be none of ours."""
    make_h264("other.mp4")
    lists = {
        "concat.mp4": "ffconcat version 1.0\nfile other.mp4\n",
        "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.mp4\n#EXT-X-ENDLIST\n",
        "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)

    for found in looks([tmp_path / name for name in lists]):
        assert found.sha256
        assert found.problem == "is a playlist, which points at other files; give the video itself"


def test_nothing_to_look_at_is_no_error() -> None:
    """An empty folder has no videos to probe, and starts no process."""
    assert looks([]) == []


@pytest.mark.parametrize("links", ["inside", "anywhere"])
def test_links_may_not_leave_the_folder(tmp_path: Path, links: str) -> None:
    """Unless params say so; links among the videos, and a folder that is a link, are fine."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/a.mp4").write_bytes(b"a")
    (tmp_path / "secret.mp4").write_bytes(b"b")
    (tmp_path / "disk/b.mp4").symlink_to("a.mp4")
    (tmp_path / "disk/away.mp4").symlink_to(tmp_path / "secret.mp4")
    (tmp_path / "disk/circle.mp4").symlink_to("circle.mp4")
    (tmp_path / "videos").symlink_to("disk")
    names = ["a.mp4", "b.mp4", "away.mp4", "circle.mp4", "none.mp4"]

    found = [name for name in names if paths.leaves(tmp_path / "videos", name, links)]

    assert found == (["away.mp4"] if links == "inside" else [])


@pytest.mark.parametrize("video", ["../a.mp4", "/a.mp4", "a/../../b.mp4"])
def test_a_manifest_that_names_what_is_outside_is_refused(video: str) -> None:
    """Import lets none of them pass; whoever edits a manifest is told."""
    assert paths.inside(Path("videos"), ["a/b.mp4"]) == [Path("videos/a/b.mp4")]

    with pytest.raises(DataError, match="lies outside of videos"):
        paths.inside(Path("videos"), [video])


def test_the_hash_is_there_though_the_file_is_no_video(tmp_path: Path) -> None:
    """So that a repetition of a broken file is known, too."""
    path = tmp_path / "a.mp4"
    path.write_text("not a video\n" * 99)

    (found,) = looks([path])

    assert found.sha256 == sha256(path)
