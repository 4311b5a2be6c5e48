"""Encrypted pictures are noise to a decoder, and noise must not get a score."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import moving, write_video
from vq.errors import VideoError
from vq.video.decode import decode
from vq.video.encryption import encrypted_tracks
from vq.video.probe import probe

KEY = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
    "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
}


def mp4(path: Path, *, codec: str = "libx264", **muxer: str) -> Path:
    """A video in MP4, encrypted if a key is among the options of the muxer."""
    return write_video(
        path, 30, width=96, height=64, codec=codec, pix_fmt="yuv420p", picture=moving, muxer=muxer
    )


def replaced(path: Path, old: bytes, new: bytes) -> Path:
    """Put other bytes of the same length in place of some that are there."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    return path


def webm(path: Path) -> Path:
    """A WebM whose track says that it is encrypted (RFC 9559, 5.1.4.1.31)."""
    clear = write_video(
        path, 12, width=96, height=64, codec="libvpx-vp9", pix_fmt="yuv420p", picture=moving
    )
    key = _element(b"\x47\xe2", bytes(range(16)))
    encryption = _element(b"\x50\x35", _element(b"\x47\xe1", b"\x05") + key)
    scope = _element(b"\x50\x32", b"\x01") + _element(b"\x50\x33", b"\x01")
    encoding = _element(b"\x62\x40", scope + encryption)
    added = _element(b"\x6d\x80", encoding)
    content = clear.read_bytes()
    tracks = content.rindex(b"\x16\x54\xae\x6b") + 4  # the index of elements names it before
    entry = content.index(b"\xae", tracks)
    content = _grown(content, entry + 1, added)
    content = _grown(content, tracks, b"", by=len(added))
    # Of the segment, which is then of unknown size.
    segment = content.index(b"\x18\x53\x80\x67") + 4
    path.write_bytes(content[:segment] + b"\x01" + b"\xff" * 7 + content[segment + 8 :])
    return path


def _element(name: bytes, content: bytes) -> bytes:
    return name + bytes([0x80 | len(content)]) + content


def _grown(content: bytes, place: int, added: bytes, *, by: int = 0) -> bytes:
    """Append to an element of which the size stands at a place, or only say that it is larger."""
    width = 9 - content[place].bit_length()
    mask = (1 << 7 * width) - 1
    size = int.from_bytes(content[place : place + width], "big") & mask
    grown = (size + len(added) + by) | 1 << 7 * width
    end = place + width + size
    new = grown.to_bytes(width, "big")
    return content[:place] + new + content[place + width : end] + added + content[end:]


FILES: dict[str, Callable[[Path], Path]] = {
    "cenc": lambda folder: mp4(folder / "a.mp4", **KEY),
    "cenc-av1": lambda folder: mp4(folder / "a.mp4", codec="libsvtav1", **KEY),
    "cenc-fragmented": lambda folder: mp4(
        folder / "a.mp4", movflags="frag_keyframe+empty_moov", **KEY
    ),
    "cbcs": lambda folder: replaced(mp4(folder / "a.mp4", **KEY), b"cenc", b"cbcs"),
    "fairplay": lambda folder: replaced(mp4(folder / "a.mp4"), b"avc1", b"drmi"),
    "webm": lambda folder: webm(folder / "a.webm"),
}


@pytest.mark.parametrize("name", FILES)
def test_an_encrypted_file_is_refused(name: str, tmp_path: Path) -> None:
    """In scoring and in import, with what to do."""
    path = FILES[name](tmp_path)

    for use in (lambda: decode(path, lambda count: [count // 2]), lambda: probe(path)):
        with pytest.raises(VideoError, match="is encrypted; decrypt it first"):
            use()


@pytest.mark.parametrize(
    "muxer", [{}, {"movflags": "frag_keyframe+empty_moov"}, {"movflags": "faststart"}]
)
def test_a_clear_file_is_not(tmp_path: Path, muxer: dict[str, str]) -> None:
    """Wherever its index is."""
    assert decode(mp4(tmp_path / "a.mp4", **muxer), lambda count: [3]).frame_count == 30


def test_boxes_that_lie_about_their_size_end(tmp_path: Path) -> None:
    """A box of no size, and one that is larger than the file."""
    path = mp4(tmp_path / "a.mp4", movflags="faststart")
    content = path.read_bytes()
    place = content.index(b"stbl") - 4
    for size in (0, 1, 7, 0xFFFFFFFF):
        path.write_bytes(content[:place] + size.to_bytes(4, "big") + content[place + 4 :])
        with path.open("rb") as file:
            assert encrypted_tracks(file) == set()
