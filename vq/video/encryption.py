"""Whether the pictures of a file are encrypted: decoded, they are noise that gets a score."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from av.container import InputContainer
from av.video.stream import VideoStream

PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
"""Boxes that hold other boxes, on the way to the description of the samples of a track."""
ENCRYPTED = frozenset({b"encv", b"drmi"})
"""Types of such a description: Common Encryption (ISO/IEC 23001-7, any scheme), and FairPlay."""

Box = tuple[bytes, int, int]
"""Type, and where its content begins and ends in the file."""


def is_encrypted(path: Path, container: InputContainer, stream: VideoStream) -> bool:
    """Read the flag of the container; MP4, MOV, Matroska and WebM have one."""
    if "mp4" in container.format.name.split(","):
        with path.open("rb") as file:
            return stream.id in encrypted_tracks(file)
    return "enc_key_id" in stream.metadata


def encrypted_tracks(file: BinaryIO) -> set[int]:
    """Numbers of the tracks of an MP4 that hold samples to be decrypted (ISO/IEC 14496-12, 8.5)."""
    end = file.seek(0, 2)
    track, tracks = 0, set()
    for kind, begin, _ in _boxes(file, 0, end):
        if kind == b"tkhd":
            version = _read(file, begin, 1)
            track = int.from_bytes(_read(file, begin + (20 if version == b"\1" else 12), 4), "big")
        if kind == b"stsd":
            count = int.from_bytes(_read(file, begin + 4, 4), "big")
            place = begin + 8
            for _ in range(min(count, 16)):
                size = int.from_bytes(_read(file, place, 4), "big")
                if _read(file, place + 4, 4) in ENCRYPTED:
                    tracks.add(track)
                place += max(size, 8)
    return tracks


def _boxes(file: BinaryIO, place: int, end: int) -> Iterator[Box]:
    """Boxes from a place on, in the order of the file, each before those in it."""
    while place + 8 <= end:
        size = int.from_bytes(_read(file, place, 4), "big")
        kind, begin = _read(file, place + 4, 4), place + 8
        if size == 1:
            size, begin = int.from_bytes(_read(file, begin, 8), "big"), begin + 8
        stop = end if size == 0 else place + size
        if stop < begin:
            return
        yield kind, begin, min(stop, end)
        if kind in PARENTS:
            yield from _boxes(file, begin, min(stop, end))
        place = stop


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
