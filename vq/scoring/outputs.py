"""Which files a run may write: none that it reads, and none that somebody else made."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from vq.errors import DataError
from vq.inference.row import Row, from_mapping
from vq.scoring.formats import FORMS, parse_line
from vq.scoring.names import is_url
from vq.video.suffixes import SUFFIXES

HEAD_BYTES = 1 << 20
"""No row is longer."""
COLUMNS = {"video", "status", "reason", "score"}
"""Of a table of rows, beside others."""
ENDINGS = [".jsonl", ".json", ".csv", ".parquet"]
OVERWRITE = "name another, or say --overwrite"


def form_of(output: Path, form: str | None) -> str:
    """The form of rows for a file.

    Raises:
        DataError: its ending names no form, or another one, or is that of a video; it is a folder.
    """
    if output.is_dir():
        raise DataError(f"{output}: is a folder; name a file in it")
    ending = output.suffix.lower()
    endings = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
    if ending in SUFFIXES:
        raise DataError(
            f"{output}: ends as a video does, and rows are none; end it in {endings} "
            "(a pattern after --output is the first file that it matches)"
        )
    ending_form = ending.removeprefix(".")
    if form and ending_form in FORMS and ending_form != form:
        raise DataError(
            f"{output}: ends as {ending_form} does, --format says {form}; which is meant?"
        )
    if not form and ending_form not in FORMS:
        raise DataError(
            f"{output}: its ending names no form of rows; end it in {endings}, "
            f"or say --format {'|'.join(FORMS)}"
        )
    return form or ending_form


def check(
    outputs: Sequence[Path],
    inputs: Iterable[str],
    videos: Iterable[str | Row],
    *,
    is_ours: Callable[[Path], bool] | None,
) -> None:
    """Refuse to write files over.

    Args:
        outputs: files that the run would write, there or not.
        inputs: what it was asked to score: videos, lists, ...
        videos: what these name.
        is_ours: whether a file is one that an earlier run wrote; None if all may be written over
            that are no inputs.

    Raises:
        DataError: one is an input, or a file of somebody else's.
    """
    existing = {key: path for path in outputs if (key := _key(path)) is not None}
    if not existing:
        return
    for name in (*inputs, *(video for video in videos if isinstance(video, str))):
        if (key := _read_by(name)) in existing:
            raise DataError(
                f"{existing[key]}: is one of the inputs, which are never written over; name another"
            )
    others = [
        path for path in existing.values() if is_ours and path.is_file() and not is_ours(path)
    ]
    if others:
        more = f", as {len(others) - 1} more" if len(others) > 1 else ""
        raise DataError(f"{others[0]}: is there{more}, and vq did not write it; {OVERWRITE}")


def is_of_rows(path: Path) -> bool:
    """Whether a file holds rows, in any form; so does an empty one."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return not head or any(test(path, head) for test in (_lines, _json, _csv, _parquet, _table))


def is_timeline(path: Path) -> bool:
    """Whether a file is a timeline: numbers as JSON, or its picture; so is an empty one."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    if path.suffix.lower() == ".json":
        return not head or (head.startswith(b'{\n  "video": ') and b'\n  "starts": [' in head)
    return not head or (head.startswith(b"\x89PNG") and b"tEXtSoftware\0vq" in head)


def _key(path: str | Path) -> tuple[int, int] | None:
    """What a file is, whatever it is called."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - a tenth of the time, for a million videos
    except (OSError, ValueError):
        return None
    return stat.st_dev, stat.st_ino


def _read_by(name: str) -> tuple[int, int] | None:
    if name != "-":
        return None if is_url(name) else _key(name)
    with suppress(OSError, ValueError, AttributeError):
        stat = os.fstat(sys.stdin.fileno())
        return stat.st_dev, stat.st_ino
    return None


def _lines(_: Path, head: bytes) -> bool:
    try:
        parse_line(head.partition(b"\n")[0])
    except (ValueError, TypeError, KeyError):
        return False
    return True


def _json(_: Path, head: bytes) -> bool:
    text = head.decode("utf-8", "surrogateescape").strip()
    if text == "[]":
        return True
    if not text.startswith("["):
        return False
    try:
        first, _end = json.JSONDecoder().raw_decode(text[1:].lstrip())
        from_mapping(first)
    except (ValueError, TypeError, KeyError):
        return False
    return True


def _csv(_: Path, head: bytes) -> bool:
    return set(head.partition(b"\n")[0].decode("latin-1").strip().split(",")) >= COLUMNS


def _parquet(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PAR1"):
        return False
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:  # then no run of ours can have written it here
        return False
    try:
        return set(parquet.read_schema(path).names) >= COLUMNS
    except (pyarrow.ArrowException, OSError):
        return False


def _table(_: Path, head: bytes) -> bool:
    first, _newline, rest = head.decode("utf-8", "replace").partition("\n")
    titles = set(re.findall(r"\w+", rest.partition("\n")[0]))
    return first.startswith("┏") and titles >= COLUMNS
