"""`vq diff [REV] [--to REV]`: what a change does, as Markdown for its reviewer."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vq.commands import streams
from vq.errors import DataError
from vq.files import write_text
from vq.pipeline.workspace_lock import workspace_of
from vq.review.markdown import few
from vq.words import count

if TYPE_CHECKING:
    from vq.review.review import Review

MARKDOWN = "diff.md"
PICTURE = "scatter.png"
DOCS = "data_docs"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq diff` takes."""
    parser.add_argument(
        "revision",
        nargs="?",
        metavar="REV",
        help="where the change starts (default: where it left the main branch)",
    )
    parser.add_argument(
        "--to", metavar="REV", help="where it ends (default: the files as they lie here)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"write DIR/{MARKDOWN}, a picture and DIR/{DOCS}, instead of telling",
    )
    parser.add_argument(
        "--pictures",
        metavar="URL",
        help="link to this instead of the picture, for a comment that cannot hold one",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 if the data cannot be checked, or changes by more than section versions "
        "of params.yaml allows",
    )
    parser.add_argument(
        "--require-run",
        action="store_true",
        help="exit with 1 if dvc.lock is behind: a stage has still to run",
    )


def run(args: Namespace) -> int:
    """Tell what the change does.

    Returns:
        1 if the pipeline refuses its params; with `--strict`, if it does more to the data than it
        may; with `--require-run`, if a stage has still to run; else 0.

    Raises:
        DataError: there is no workspace here; and as `vq.review.review.review`.
    """
    # dvc, pandas and SciPy cost a second, which `--help` need not wait for.
    from vq.review.review import review

    cwd = Path.cwd()
    if (root := workspace_of(cwd)) is None:
        raise DataError(f"{cwd}: is in no workspace: neither it nor a folder above it has a .dvc")
    docs = args.out and args.out / DOCS
    diff = review(root, args.revision, args.to, docs=docs)
    if args.out is None:
        sys.stdout.write(diff.markdown())
    else:
        path = args.out / MARKDOWN
        write_text(path, diff.markdown(pictures=_pictures(diff, args.out, args.pictures)))
        sys.stdout.write(f"{path}\n")
    objections = list(_objections(diff, args))
    for objection in objections:
        streams.say(f"vq diff: error: {objection}")
    return int(bool(objections))


def _objections(diff: "Review", args: Namespace) -> Iterator[str]:
    """Why the change must not go in as it is."""
    yield from diff.refusal
    if args.strict and not diff.sound:
        yield "--strict: the data cannot be checked, or changes by more than its limits allow"
    if args.require_run and diff.to_run:
        stages = f"{count(len(diff.to_run), 'stage')} still to run ({few(diff.to_run)})"
        yield f"--require-run: {stages}; `dvc repro`, and commit dvc.lock"


def _pictures(diff: "Review", folder: Path, url: str | None) -> str:
    """Draw what there is to draw, and say in Markdown where it is."""
    if isinstance(diff.pair, str):
        return f"Not drawn: {diff.pair}."
    from vq.review.plots import scatter

    scatter(diff.pair, folder / PICTURE)
    return f"[{PICTURE}]({url})" if url else f"![Scores before and after]({PICTURE})"
