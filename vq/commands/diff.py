"""`vq diff [REV] [--to REV]`: what a change does, as Markdown for its reviewer."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from vq.errors import DataError
from vq.files import write_text
from vq.pipeline.workspace_lock import workspace_of

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


def run(args: Namespace) -> int:
    """Tell what the change does.

    Returns:
        1 if it does more to the data than it may, and `--strict`; else 0.

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
    code = int(args.strict and not diff.sound)
    if args.out is None:
        sys.stdout.write(diff.markdown())
        return code
    path = args.out / MARKDOWN
    text = diff.markdown(pictures=_pictures(diff, args.out, args.pictures))
    write_text(path, text)
    sys.stdout.write(f"{path}\n")
    return code


def _pictures(diff: "Review", folder: Path, url: str | None) -> str:
    """Draw what there is to draw, and say in Markdown where it is."""
    if isinstance(diff.pair, str):
        return f"Not drawn: {diff.pair}."
    from vq.review.plots import scatter

    scatter(diff.pair, folder / PICTURE)
    return f"[{PICTURE}]({url})" if url else f"![Scores before and after]({PICTURE})"
