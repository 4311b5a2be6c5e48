"""The body of a request as a temporary file: written as it comes, never in memory as a whole."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

PREFIX = "vq-upload-"
"""Of the names of temporary files."""
ENVELOPE = 1 << 16
"""Bytes of a form around its file: boundaries, headers, small fields."""
STALL_SECONDS = 30.0
"""An upload of which nothing comes for so long is given up."""
SLOWEST = 1 << 14
"""Bytes a second; an upload that is behind this by more than a stall is given up as well."""
LONGEST = 255
"""Characters of a name."""


@dataclass(frozen=True)
class Upload:
    """A video that came in."""

    path: Path
    """Where it is for now."""
    name: str
    """What the client calls it: its text, not to be trusted."""
    size: int
    """In bytes."""


@asynccontextmanager
async def received(
    request: Request, *, most_mb: int, name: str = "", stall_seconds: float = STALL_SECONDS
) -> AsyncIterator[Upload]:
    """The video in a request, as a file that is gone afterwards.

    Args:
        request: its body is a form with one file, or the video itself.
        most_mb: the largest video that is taken, in units of 2**20 bytes.
        name: of a video that is the body itself.
        stall_seconds: give up when nothing comes for so long, or when so far behind `SLOWEST`.

    Raises:
        HTTPException: 400 for no video or a broken form, 408 for a stall or a trickle, 413 for
            one that is too large, 415 for a body that cannot be a video.
        ClientDisconnect: whoever sends it is gone.
    """
    body = _body(request.headers.get("content-type", ""), name)
    most = most_mb << 20
    too_large = HTTPException(413, f"the video is larger than {most_mb} MB (max-upload-mb)")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most + ENVELOPE:
        raise too_large  # before a byte of it is read
    with tempfile.NamedTemporaryFile(prefix=PREFIX) as file:
        came = 0
        async for chunk in _chunks(request, stall_seconds):
            came += len(chunk)
            await run_in_threadpool(body.take, chunk, file)
            if body.size > most or came > most + ENVELOPE:
                raise too_large
        body.finish()
        file.flush()
        yield Upload(Path(file.name), _plain(body.name) or "upload", body.size)


@runtime_checkable
class _Body(Protocol):
    """Finds the video in what comes."""

    name: str
    size: int

    def take(self, chunk: bytes, file: IO[bytes]) -> None:
        """Write what of a chunk is video."""

    def finish(self) -> None:
        """Refuse what is no whole video."""


def _body(content_type: str, name: str) -> _Body:
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        if not options.get(b"boundary"):
            raise HTTPException(400, "the form has no boundary; let your client set Content-Type")
        return _Form(options[b"boundary"])
    if kind in (b"", b"application/octet-stream") or kind.startswith(b"video/"):
        return _Raw(name)
    media_type = kind.decode("latin-1")
    raise HTTPException(
        415,
        f"a body of type {media_type:.80} is no video; send a form with a file "
        "(curl -F file=@clip.mp4), or the video itself as application/octet-stream",
    )


class _Raw:
    """The body is the video."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0

    def take(self, chunk: bytes, file: IO[bytes]) -> None:
        file.write(chunk)
        self.size += len(chunk)

    def finish(self) -> None:
        if not self.size:
            raise HTTPException(400, "the body is empty; send a video")


class _Form:
    """The body is a form, one part of which has a file name: that is the video."""

    def __init__(self, boundary: bytes) -> None:
        self.name = ""
        self.size = 0
        self._files = 0
        self._inside = self._whole = False
        self._key, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._file: IO[bytes] | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": lambda data, start, end: self._key.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def take(self, chunk: bytes, file: IO[bytes]) -> None:
        self._file = file
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise HTTPException(400, f"the form is broken ({error}); send it again") from error

    def finish(self) -> None:
        if not self._whole:
            raise HTTPException(400, "the form ends early; send it again")
        if not self._files:
            raise HTTPException(400, "the form has no file; add one (curl -F file=@clip.mp4)")
        if self._files > 1:
            raise HTTPException(400, f"the form has {self._files} files; send one at a time")
        if not self.size:
            raise HTTPException(400, "the file is empty; send a video")

    def _header_end(self) -> None:
        self._headers[bytes(self._key).lower()] = bytes(self._value)
        self._key.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._inside = b"filename" in options
        if self._inside:
            self._files += 1
            self.name = options[b"filename"].decode("utf-8", "replace")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        # A second file is counted, and refused at the end.
        if self._inside and self._files == 1 and self._file is not None:
            self._file.write(data[start:end])
            self.size += end - start

    def _part_end(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self._whole = True


async def _chunks(request: Request, stall_seconds: float) -> AsyncIterator[bytes]:
    stream, began, came = request.stream(), time.monotonic(), 0
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), stall_seconds)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise HTTPException(
                408, f"nothing came for {stall_seconds:g} s; send the video again"
            ) from error
        came += len(chunk)
        if time.monotonic() - began > stall_seconds + came / SLOWEST:
            # A client that sends a byte now and then would keep its place for hours.
            raise HTTPException(
                408, f"it came slower than {SLOWEST >> 10} kB a second; send it over a faster line"
            )
        yield chunk


def _plain(name: str) -> str:
    """The last part of a path, in one line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "?" for c in last)[-LONGEST:]
