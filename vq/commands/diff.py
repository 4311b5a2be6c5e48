"""`vq diff [REV] [--to REV]`: what a change does, as Markdown for its reviewer."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from vq.errors import DataError
from vq.files import atomic
from vq.pipeline.lock import workspace_of

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


def run(given: Namespace) -> int:
    """Tell what the change does.

    Returns:
        1 if it does more to the data than it may, and `--strict`; else 0.

    Raises:
        DataError: there is no workspace here; and as `vq.review.review.review`.
    """
    # dvc, pandas and SciPy cost a second, which `--help` need not wait for.
    from vq.review.review import review

    here = Path.cwd()
    if (root := workspace_of(here)) is None:
        raise DataError(f"{here}: is in no workspace: neither it nor a folder above it has a .dvc")
    docs = given.out and given.out / DOCS
    found = review(root, given.revision, given.to, docs=docs)
    code = int(given.strict and not found.sound)
    if given.out is None:
        sys.stdout.write(found.markdown())
        return code
    path = given.out / MARKDOWN
    text = found.markdown(pictures=_pictures(found, given.out, given.pictures))
    with atomic(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path}\n")
    return code


def _pictures(found: "Review", folder: Path, url: str | None) -> str:
    """Draw what there is to draw, and say in Markdown where it is."""
    if isinstance(found.pair, str):
        return f"Not drawn: {found.pair}."
    from vq.review.plots import scatter

    scatter(found.pair, folder / PICTURE)
    return f"[{PICTURE}]({url})" if url else f"![Scores before and after]({PICTURE})"
