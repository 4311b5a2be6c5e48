"""Why a file cannot be read as video, and what to do, in a sentence that fits the cause."""

import codecs
import errno
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import av
from av.container import InputContainer
from av.stream import Disposition

HEAD_BYTES = 4096
SEARCHED_BYTES = 8 << 20
"""Of either end of a file, for the name of its codec."""
DENIED = "may not be read (permission denied); have its owner let you read it (chmod +r)"
AGAIN = "encode or download it again"
ANSWER = "is {}, not a video: an address answered with it; look inside, and download it again"
LOOKS: tuple[tuple[bytes, str], ...] = (
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "is a pointer of Git LFS, not the video; run `git lfs pull`",
    ),
    (
        rb"[./]*(\.git)?/?annex/objects/",
        "is a pointer of git-annex, not the video; run `git annex get`",
    ),
    (
        rb"#EXTM3U|ffconcat version|(<\?xml[^>]*>\s*)?<MPD|v=0\r?\n(o=|s=|m=)|\[playlist\]",
        "is a playlist, which points at other files; give the video itself",
    ),
    (rb"(md5: |outs:\s*-)", "is a file of dvc, not the video; run `dvc pull`"),
    (rb"(?i)(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype html|html|head|body)", ANSWER.format(
        "an HTML page")),
    (rb"<\?xml|<[A-Za-z]+[ >]", ANSWER.format("XML")),
    (rb'[{[]\s*["{[}\]]', ANSWER.format("JSON")),
    (rb"PK\x03\x04", "is a ZIP archive; unpack it"),
    (rb"\x1f\x8b|BZh\d|\xfd7zXZ\0|\x28\xb5\x2f\xfd", "is compressed (gzip or the like); unpack it"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "is an archive (7z or RAR); unpack it"),
    (rb".{257}ustar", "is a tar archive; unpack it"),
    (rb"%PDF-", "is a PDF, not a video; give a file that holds video"),
    (
        rb"\0\x05\x16[\0\x07]",
        "holds what macOS keeps beside a file (AppleDouble), not the video; give the file itself",
    ),
)  # fmt: skip
"""How contents that are no video begin."""
BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"sidx"})
"""How MP4 and MOV begin."""
CODECS = (
    re.compile(rb"vide.{8,400}?stsd.{12}([\x20-\x7e]{4})", re.DOTALL),  # MP4, MOV
    re.compile(rb"\x86[\x81-\xc0](V_[\x20-\x7e]{2,60}?)(?=[^\x20-\x7e])"),  # Matroska
)


def refused(path: Path, error: av.FFmpegError) -> str:
    """Why FFmpeg does not open or decode a file, and what to do."""
    why_not = unreadable(path)
    if why_not:
        return why_not
    if isinstance(error, PermissionError):
        return DENIED
    return content(path) or f"cannot be decoded ({error.strerror}); {AGAIN}"


def unreadable(path: Path) -> str:
    """Why a file cannot be opened at all; empty if it can."""
    try:
        with path.open("rb") as file:
            return "" if file.read(1) else "is empty; copy or download it again"
    except PermissionError:
        return DENIED
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return "no such file; correct the path or add the file"
        return f"cannot be read ({error.strerror}); check the disk"


def content(path: Path) -> str:
    """What a file is instead of a video, or what of it is missing; empty if that is not seen."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            return _looks(head) or _without_index(file)
    except OSError:
        return ""


def no_video(path: Path, container: InputContainer) -> str:
    """Why an open file without a video stream is no video."""
    if what := _looks(_head(path)):
        return what
    kinds = Counter(stream.type for stream in container.streams)
    names = sorted({s.codec_context.name for s in container.streams.audio if s.codec_context})
    parts = []
    if kinds["audio"]:
        parts.append(f"sound ({', '.join(names)})" if names else "sound")
    if any(Disposition.attached_pic in s.disposition for s in container.streams.video):
        parts.append("a cover picture")
    parts += [f"a stream of {kind}" for kind in sorted(kinds) if kind not in ("audio", "video")]
    only = f", only {' and '.join(parts)}" if parts else ""
    return f"has no video stream{only}; give a file that holds video"


def no_decoder(path: Path) -> str:
    """Why a file whose video stream has no decoder is not decoded."""
    codec_names = {
        match for part in _ends(path) for codec in CODECS for match in codec.findall(part)
    }
    names = ", ".join(sorted(ascii(name.decode("ascii")) for name in codec_names)[:3])
    codec = f"its codec {names}" if names else "its codec"
    return f"no decoder knows {codec}; convert it with whatever plays it, say to H.264"


def _looks(head: bytes) -> str:
    if head and not head.strip(b"\0"):
        return "begins with zeros alone, as a copy that was not finished; copy or download it again"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for begins, what in LOOKS:
        if re.match(begins, text, re.DOTALL):
            return what
    try:
        words = codecs.getincrementaldecoder("utf-8")().decode(head)  # it may end inside a letter
    except UnicodeDecodeError:
        return ""
    plain = all(character.isprintable() or character in "\t\r\n\f" for character in words)
    return "is text, not a video; give a file that holds video" if plain else ""


def _without_index(file: IO[bytes]) -> str:
    """Of MP4 and MOV: whether the index is missing without which nothing can be found."""
    size = os.fstat(file.fileno()).st_size
    place, kinds = 0, set[bytes]()
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16])
        if not kinds and kind not in BOXES:
            return ""
        kinds.add(kind)
        if length < 8 and length != 0:
            break
        place = size if length == 0 else place + length
    if b"moov" in kinds or not kinds:
        return ""
    if place > size:
        return f"is cut off: {size} of at least {place} bytes are there; copy or download it again"
    return (
        "has no index (moov), as a recording or an upload that was not finished; copy or download "
        "it again"
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _ends(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield file.read(SEARCHED_BYTES)
            file.seek(max(file.tell(), os.fstat(file.fileno()).st_size - SEARCHED_BYTES))
            yield file.read()
    except OSError:
        return
