r"""Names of videos: files by path, whatever its bytes, and what is fetched by URL.

A file name need not be UTF-8; Python keeps such bytes as lone surrogates, which no UTF-8 holds. In
rows a byte that is no text is `\xe9`, say. A backslash that would be mistaken for that is `\x5c`;
any other stays one.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
"""Of Unicode; macOS writes the latter."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NO_TEXT = re.compile(r"[\ud800-\udfff]|\\(?=x(?:5c|[89a-f][0-9a-f]))")
_ESCAPED = re.compile(r"\\x(5c|[89a-f][0-9a-f])")


def is_url(text: str) -> bool:
    """Whether a text names something by protocol: `s3://bucket/clip.mp4`, `file:///clip.mp4`."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def as_text(name: str) -> str:
    """A name as rows have it; nearly always the same."""
    return _NO_TEXT.sub(_escape, name)


def from_text(text: str) -> str:
    """The name that `as_text` made this of."""
    if "\\x" not in text:
        return text
    # Bytes that were escaped by hand may be text.
    return os.fsdecode(os.fsencode(_ESCAPED.sub(_unescape, text)))


def readable(sentence: str) -> str:
    """A sentence with names in it, as text; nobody looks for a file by it."""
    return _SURROGATE.sub(_escape, sentence)


def spellings(name: str) -> Iterator[str]:
    """How else a file may be called that a list calls so.

    As rows call it; with the quotes, slashes or the encoding of Windows, or blanks around it; in
    the Unicode form of another system.
    """
    yield from_text(name)
    bare = name.strip().strip('"')
    yield bare
    yield bare.replace("\\", "/")
    with suppress(UnicodeError):
        yield os.fsencode(bare).decode("cp1252").replace("\\", "/")
    for form in FORMS:
        yield unicodedata.normalize(form, bare)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return "\\x5c"
    # No file system has other surrogates; what they were cannot be told.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "\\" if code == 0x5C else chr(0xDC00 + code)
