"""`vq ratings`: what each rater said becomes `labels.csv`."""

import csv
import math
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vq.errors import DataError
from vq.words import count

if TYPE_CHECKING:
    from vq.importers.ratings.recover import Opinions

HEADER = ("video", "mos", "mos_std", "ratings", "mos_low", "mos_high")


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    from vq.importers.ratings.recover import METHODS

    parser.add_argument("file", type=Path, help="a table: video, rater, rating; or video x rater")
    parser.add_argument("--scale", nargs=2, type=float, metavar=("MIN", "MAX"), required=True)
    parser.add_argument("--out", type=Path, default=Path("labels.csv"), help="default: labels.csv")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="bt500",
        help="bt500: without outliers; p913: raters' bias taken off as well; mean: all as they are",
    )
    parser.add_argument(
        "--column", action="append", default=[], metavar="OURS=THEIRS", help="rating=Score"
    )
    parser.add_argument("--delimiter", default="", help="what parts cells (default: found)")
    parser.add_argument("--replace", action="store_true", help="write over the file at --out")


def run(args: Namespace) -> int:
    """Write `labels.csv`, and say who was left out.

    Raises:
        DataError: what is wrong with the table, with an example and a remedy.
    """
    from vq.commands.labels import columns as parse_columns
    from vq.commands.labels import keep_input
    from vq.files import atomic
    from vq.importers.ratings.read import read
    from vq.importers.ratings.recover import recover

    if args.out.exists() and not args.replace:
        raise DataError(f"{args.out}: is there already; say --replace, or another --out")
    keep_input(args.out, args.file)
    if args.scale[0] >= args.scale[1]:
        raise DataError("--scale: give the lowest rating first, then the highest")
    columns = parse_columns(args.column)
    if unknown := columns.keys() - {"video", "rater", "rating"}:
        raise DataError(f"--column {min(unknown)}: we have video, rater, rating")
    ratings = read(args.file, columns=columns, scale=tuple(args.scale), delimiter=args.delimiter)
    opinions = recover(ratings, method=args.method)
    with atomic(args.out) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(_rows(ratings.videos, opinions))
    rejected = [name for name, out in zip(ratings.raters, opinions.rejected, strict=True) if out]
    lines = [
        f"{count(len(ratings.videos), 'video')}, {count(len(ratings.raters), 'rater')}, "
        f"{args.method}",
        f"left out: {', '.join(rejected)}" if rejected else "no rater left out",
    ]
    if unrated := int((opinions.ratings == 0).sum()):
        lines.append(f"{count(unrated, 'video')} without a rating that counts: no mos")
    sys.stdout.write("\n".join([*lines, f"Wrote {args.out}"]) + "\n")
    return 0


def _rows(videos: Sequence[str], opinions: "Opinions") -> Iterator[list[str]]:
    for row, video in enumerate(videos):
        mos, std, half_width = (
            float(values[row]) for values in (opinions.mos, opinions.std, opinions.half_width)
        )
        count = int(opinions.ratings[row])
        numbers = [_cell(value) for value in (mos, std)]
        yield [video, *numbers, str(count), _cell(mos - half_width), _cell(mos + half_width)]


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"
