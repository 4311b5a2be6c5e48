"""`vq score PATH...`: a row for every video."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vq.errors import DataError
from vq.score.rows import Row, as_csv, as_json, as_table

MODEL = "artifacts/student"
"""Where the distill stage leaves the student."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq score` takes."""
    parser.add_argument("inputs", nargs="+", metavar="PATH", help="video, folder or pattern")
    parser.add_argument(
        "--model", default=MODEL, help=f"folder or models:/NAME@ALIAS (default: {MODEL})"
    )
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table")
    parser.add_argument("--output", type=Path, help="file for the rows (default: standard output)")
    parser.add_argument("--threads", type=_positive, default=1, help="of the network (default: 1)")


def run(given: Namespace) -> int:
    """Score what was asked for; 0 if every input has a score, 1 if any has none.

    Raises:
        VqError: there is no model, or it cannot be used.
    """
    from vq.score import runtime
    from vq.score.discover import discover
    from vq.score.locate import locate

    model = runtime.load(locate(given.model), threads=given.threads)
    if model.card.opinion == "synthetic":
        sys.stderr.write(
            "vq score: note: this student learnt from a synthetic MOS, "
            "which is not people's opinion\n"
        )
    if given.output is not None:
        # A folder that refuses the rows says so before the work, not after it.
        with _partial(given.output) as file:
            file.touch()
    rows = list(_rows(discover(given.inputs), model.score))
    _write(_render(rows, given, scale=model.card.meaning), given.output)
    return 0 if all(row.status == "ok" for row in rows) else 1


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"should be 1 or more, got {text!r}")
    return int(text)


def _rows(found: Sequence[Path | Row], score: Callable[[Path], Row]) -> Iterator[Row]:
    for item in _progress(found):
        yield item if isinstance(item, Row) else score(item)


def _progress(found: Sequence[Path | Row]) -> Iterator[Path | Row]:
    """The same items; a terminal also gets a bar, beside the rows and not among them."""
    if not sys.stderr.isatty() or len(found) < 2:
        return iter(found)
    from rich.console import Console
    from rich.progress import track

    return iter(track(found, "scoring", console=Console(stderr=True), transient=True))


def _render(rows: Sequence[Row], given: Namespace, *, scale: str) -> str:
    if given.format == "json":
        return as_json(rows)
    if given.format == "csv":
        return as_csv(rows)
    terminal = given.output is None and sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if terminal else None
    return as_table(rows, scale=scale, width=width)


def _write(text: str, path: Path | None) -> None:
    # A file name may hold bytes that are no text; they pass through as they are.
    data = text.encode("utf-8", "surrogateescape")
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with _partial(path) as file:
        file.write_bytes(data)
        file.replace(path)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A name beside `path`, to be renamed: whoever waits for the file never sees half of it."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error
