"""A file that is no video is told by what it is, with what to do about that."""

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from vq.errors import VideoError
from vq.video import stream

PAGE = b"\r\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>"
ERROR = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("clip.mp4", bytes(1000))
    return data.getvalue()


def _tar() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("clip.mp4"), io.BytesIO())
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(PAGE, "is an HTML page, not a video: an address answered", id="page"),
        pytest.param(PAGE[17:], "is an HTML page, not a video", id="page-without-doctype"),
        pytest.param(b"\xef\xbb\xbf" + PAGE, "is an HTML page", id="page-with-mark"),
        pytest.param(ERROR, "is XML, not a video: an address answered", id="store"),
        pytest.param(b'{"error": "gone"}\n', "is JSON, not a video: an address", id="json"),
        pytest.param(LFS, "is a pointer of Git LFS, not the video; run `git lfs pull`", id="lfs"),
        pytest.param(
            b"/annex/objects/SHA256E-s31390--f50d7ac4c6b9031379986bc362fcefb65f1e5.mp4\n",
            "is a pointer of git-annex, not the video; run `git annex get`",
            id="annex",
        ),
        pytest.param(
            b"outs:\n- md5: 37b51d194a7513e45b56f6524f2d51f2\n  path: clip.mp4\n",
            "is a file of dvc, not the video; run `dvc pull`",
            id="dvc",
        ),
        pytest.param(b"#EXTM3U\n#EXTINF:2,\nother.mp4\n", "is a playlist, which", id="hls"),
        pytest.param(b'<?xml version="1.0"?>\n<MPD xmlns="urn">', "is a playlist", id="dash"),
        pytest.param("Grüße\n".encode() * 700, "is text, not a video", id="letters"),
        pytest.param(_zip(), "is a ZIP archive; unpack it", id="zip"),
        pytest.param(_tar(), "is a tar archive; unpack it", id="tar"),
        pytest.param(gzip.compress(bytes(9000)), "is compressed (gzip or the like)", id="gzip"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not a video; give a file", id="pdf"),
        pytest.param(b"Dear all,\nplease find\n", "is text, not a video; give", id="text"),
        pytest.param(bytes(50_000), "begins with zeros alone, as a copy that was", id="zeros"),
        pytest.param(b"", "is empty; copy or download it again", id="empty"),
        pytest.param(
            b"\0\x05\x16\x07\0\2\0\0Mac OS X" + bytes(4000),
            "holds what macOS keeps beside a file (AppleDouble), not the video",
            id="macos",
        ),
        pytest.param(bytes(range(256)) * 40, "cannot be decoded (Invalid data found", id="noise"),
    ],
)  # fmt: skip
def test_what_is_no_video_is_called_what_it_is(tmp_path: Path, content: bytes, reason: str) -> None:
    """Nobody should encode a web page again."""
    assert reason in _reason(tmp_path, content)


def test_a_file_that_was_not_finished_is_said_to_be_so(make_h264: Callable[..., Path]) -> None:
    """Its index comes last, or what it announces is not there."""
    last = make_h264(muxer={}).read_bytes()
    folder = make_h264().parent

    assert "is cut off: " in _reason(folder, last[: len(last) // 2])
    assert _reason(folder, last[: last.index(b"moov") - 4]).startswith("has no index (moov), as a")


def test_what_cannot_be_decoded_for_another_reason_is_not_guessed(
    make_h264: Callable[..., Path],
) -> None:
    """The index is there; FFmpeg's own word is all that is known."""
    content = bytearray(make_h264().read_bytes())
    start = content.index(b"trak")
    content[start : start + 4] = b"free"
    reason = _reason(make_h264().parent, bytes(content))

    assert "moov" not in reason
    assert "cut off" not in reason


def test_an_unknown_codec_is_named(make_h264: Callable[..., Path], tmp_path: Path) -> None:
    """What to look for, and that encoding it anew with the same tool would not do."""
    mp4 = make_h264(name="a.mp4").read_bytes().replace(b"avc1", b"zzz1")
    mkv = (
        make_h264(name="a.mkv", muxer={})
        .read_bytes()
        .replace(b"V_MPEG4/ISO/AVC", b"V_MPEG9/ISO/XYZ")
    )

    for content, name in ((mp4, "'zzz1'"), (mkv, "'V_MPEG9/ISO/XYZ'")):
        assert _reason(tmp_path, content) == (
            f"no decoder knows its codec {name}; convert it with whatever plays it, say to H.264"
        )


def test_sound_alone_is_said_to_be_sound(make_sound: Callable[..., Path], tmp_path: Path) -> None:
    """With a cover picture, too: to FFmpeg that is a video stream."""
    song = tmp_path / "song.m4a"
    with av.open(str(song), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=44100, layout="mono")
        cover = container.add_stream("mjpeg", rate=1, width=16, height=16, pix_fmt="yuvj420p")
        cover.disposition = av.stream.Disposition.attached_pic
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.rate = 44100
        container.mux(sound.encode(silence))
        container.mux(cover.encode(av.VideoFrame(16, 16, "yuvj420p")))
        container.mux([*sound.encode(), *cover.encode()])

    for path, only in ((make_sound(), "sound (aac)"), (song, "sound (aac) and a cover picture")):
        assert _reason(path.parent, path.read_bytes()) == (
            f"has no video stream, only {only}; give a file that holds video"
        )


def test_a_file_that_may_not_be_read_is_said_to_be_so(
    make_h264: Callable[..., Path], tmp_path: Path
) -> None:
    """The file is whole: encoding it again would not help. Root may read anything: be nobody."""
    make_h264(name="closed.mp4").chmod(0)
    make_h264(name="folder/inside.mp4").parent.chmod(0)
    tmp_path.chmod(0o755)
    code = (
        "import os; from pathlib import Path; from vq.video import stream\n"
        "from vq.errors import VideoError\n"
        "os.getuid() or os.setuid(65534)\n"
        "for name in ('closed.mp4', 'folder/inside.mp4', 'gone.mp4'):\n"
        "    try:\n"
        "        stream.opened(Path(name)).__enter__()\n"
        "    except VideoError as error:\n"
        "        print(error.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (tmp_path / "folder").chmod(0o700)

    assert (done.stderr, done.stdout.splitlines()) == (
        "",
        [
            "may not be read (permission denied); have its owner let you read it (chmod +r)",
            "may not be read (permission denied); have its owner let you read it (chmod +r)",
            "no such file; correct the path or add the file",
        ],
    )


def _reason(folder: Path, content: bytes) -> str:
    path = folder / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError) as error, stream.opened(path):
        pass
    assert error.value.path == path
    return error.value.reason
