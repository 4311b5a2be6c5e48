"""Files and folders that are written completely or not at all."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from vq.errors import DataError

if TYPE_CHECKING:  # scoring does without
    import pandas as pd


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Write to the path that this yields; it replaces `path` only if all went well.

    The folder is made if need be. After an error, whatever was at `path` before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Same folder, since a rename is atomic only inside a file system; same suffix, since writers
    # choose their format by it. Not the process id: processes of two machines may share it.
    unfinished = path.with_name(f".{path.stem}.{token_hex(4)}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a table as CSV in UTF-8, whole or not at all."""
    with atomic(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Fill the folder that this yields; at the end it replaces `path` and all that was in it.

    After an error, whatever was at `path` before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{token_hex(4)}")
    unfinished.mkdir()
    try:
        yield unfinished
        shutil.rmtree(path, ignore_errors=True)
        unfinished.replace(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8, completely or not at all."""
    with atomic(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: Path, content: object, **options: Any) -> None:  # noqa: ANN401 - of `dumps`
    """Write a file of JSON, completely or not at all; in the order of its keys by default."""
    write_text(path, json.dumps(content, **{"indent": 2, **options}) + "\n")


def write_measurements(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that is a metric of dvc, and that it makes no columns of: a list with one entry.

    Dvc runs a stage again, instead of taking its outs from the run cache, if git has an out of it
    that is no metric; and it makes a column of each number that stands in no list.
    """
    write_json(path, [content], allow_nan=False)


def write_csv(path: Path, rows: "pd.DataFrame", *, digits: int | None = None) -> None:
    """Write a table with its header, completely or not at all; `digits` behind the point."""
    number = None if digits is None else f"%.{digits}f"
    with atomic(path) as unfinished:
        rows.to_csv(unfinished, index=False, float_format=number, lineterminator="\n")


def read_json(path: Path, *, maker: str = "dvc repro") -> dict[str, Any]:
    """Read a JSON file that an earlier stage wrote, by `write_json` or `write_measurements`.

    `maker` is the command that writes it.

    Raises:
        DataError: missing, or no JSON.
    """
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); run `{maker}`") from error
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error}); run `{maker}` again") from error


def parse_json(text: bytes) -> dict[str, Any]:
    """The object in a file of JSON, in a list or not.

    Raises:
        ValueError: no JSON.
    """
    content = json.loads(text)
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def sha256(*paths: Path) -> str:
    """One hash of the bytes of several files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
