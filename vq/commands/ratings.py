"""`vq ratings`: what each rater said becomes `labels.csv`."""

import math
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vq.data.labels_csv import RANDOM
from vq.errors import DataError
from vq.words import count

if TYPE_CHECKING:
    import numpy as np

    from vq.importers.ratings.pairs import Pairs
    from vq.importers.ratings.read import Ratings

HEADER = ("video", "mos", "mos_std", "ratings", "mos_low", "mos_high")
LEVELS = (1.0, 5.0)
"""The scale of a session of `vq rate`."""
PAIRS = "bradley-terry"
METHODS = ("mean", "bt500", "p913", "crowd", PAIRS)


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "file",
        type=Path,
        help="a table: video, rater, rating; or video x rater; or first, second, rater, preferred; "
        "or the folder of a session of `vq rate`",
    )
    parser.add_argument(
        "--scale",
        nargs=2,
        type=float,
        metavar=("MIN", "MAX"),
        help="of the ratings; of pairs, of the scores that are made (sessions: default 1 5)",
    )
    parser.add_argument("--out", type=Path, default=Path("labels.csv"), help="default: labels.csv")
    parser.add_argument(
        "--method",
        choices=METHODS,
        help="bt500: without outliers (default of tables); p913: raters' bias taken off as well; "
        "crowd: without raters who do not follow the others, bias taken off (default of sessions); "
        "bradley-terry: of pairs; mean: all as they are",
    )
    parser.add_argument(
        "--format",
        choices=("labels", "label-studio"),
        default="labels",
        help="label-studio: its JSON tasks, an annotation for each rater (default: labels)",
    )
    parser.add_argument(
        "--column", action="append", default=[], metavar="OURS=THEIRS", help="rating=Score"
    )
    parser.add_argument("--delimiter", default="", help="what parts cells (default: found)")
    parser.add_argument("--replace", action="store_true", help="write over the file at --out")


@dataclass(frozen=True)
class _Labels:
    """Columns of the table that is written, and who was left out."""

    videos: tuple[str, ...]
    raters: tuple[str, ...]
    mos: "np.ndarray"
    std: "np.ndarray"
    ratings: "np.ndarray"
    low: "np.ndarray"
    high: "np.ndarray"
    rejected: "np.ndarray"


def run(args: Namespace) -> int:
    """Write `labels.csv`, and say who was left out.

    Raises:
        DataError: what is wrong with the table, with an example and a remedy.
    """
    from vq.commands.labels import keep_input
    from vq.files import write_rows

    if args.out.exists() and not args.replace:
        raise DataError(f"{args.out}: is there already; say --replace, or another --out")
    keep_input(args.out, args.file)
    if args.scale and args.scale[0] >= args.scale[1]:
        raise DataError("--scale: give the lowest rating first, then the highest")
    data, notes, random = _read(args)
    method, labels = _estimate(data, args)
    if args.format == "labels":
        header, rows = _table(labels, random)
        write_rows(args.out, header, rows)
    else:
        _write_tasks(args.out, data, labels)
    rejected = [name for name, out in zip(labels.raters, labels.rejected, strict=True) if out]
    lines = [
        f"{count(len(labels.videos), 'video')}, {count(len(labels.raters), 'rater')}, {method}",
        *notes,
        f"left out: {', '.join(rejected)}" if rejected else "no rater left out",
    ]
    if unrated := int((labels.ratings == 0).sum()):
        lines.append(f"{count(unrated, 'video')} without a rating that counts: no mos")
    sys.stdout.write("\n".join([*lines, f"Wrote {args.out}"]) + "\n")
    return 0


def _read(args: Namespace) -> "tuple[Ratings | Pairs, list[str], dict[str, str]]":
    """Ratings, sentences about those that do not count, and which videos were drawn at random."""
    from vq.commands.labels import columns as parse_columns
    from vq.importers.ratings import pairs, read

    if args.file.is_dir():
        return _read_session(args.file)
    if args.scale is None:
        raise DataError(f"{args.file}: say --scale, the lowest and the highest rating: --scale 1 5")
    columns = parse_columns(args.column)
    if unknown := columns.keys() - {"video", "rating", *pairs.COLUMNS}:
        raise DataError(f"--column {min(unknown)}: we have video, rater, rating")
    if pairs.is_pairs(args.file, columns=columns, delimiter=args.delimiter):
        return pairs.read_pairs(args.file, columns=columns, delimiter=args.delimiter), [], {}
    scale = (args.scale[0], args.scale[1])
    return read.read(args.file, columns=columns, scale=scale, delimiter=args.delimiter), [], {}


def _read_session(folder: Path) -> "tuple[Ratings | Pairs, list[str], dict[str, str]]":
    from contextlib import closing

    from vq.rating.results import read_pairs, read_single
    from vq.rating.store import open_session

    with closing(open_session(folder)) as store:
        is_pairs = store.setting("mode") == "pairs"
        data, notes = read_pairs(store) if is_pairs else read_single(store)
        random = {clip.name: clip.random for clip in store.clips() if clip.role == "test"}
    return data, notes, random if any(random.values()) else {}


def _estimate(data: "Ratings | Pairs", args: Namespace) -> tuple[str, _Labels]:
    import numpy as np

    from vq.importers.ratings.opinion_scores import recover
    from vq.importers.ratings.pairs import Pairs, bradley_terry

    is_pairs = isinstance(data, Pairs)
    default = PAIRS if is_pairs else "crowd" if args.file.is_dir() else "bt500"
    method = args.method or default
    if is_pairs != (method == PAIRS):
        what = "comparisons of pairs" if is_pairs else "ratings of single videos"
        raise DataError(f"{args.file}: has {what}; leave out --method {method}")
    if isinstance(data, Pairs):
        scale = args.scale or LEVELS
        pair = bradley_terry(data, scale=(scale[0], scale[1]))
        # Comparisons say how two videos differ, not how ratings of one spread.
        std = np.full(len(data.videos), np.nan)
        return method, _Labels(
            data.videos,
            data.raters,
            pair.mos,
            std,
            pair.comparisons,
            pair.low,
            pair.high,
            pair.rejected,
        )
    one = recover(data, method=method)
    low, high = one.mos - one.half_width, one.mos + one.half_width
    return method, _Labels(
        data.videos, data.raters, one.mos, one.std, one.ratings, low, high, one.rejected
    )


def _table(
    labels: _Labels, random: Mapping[str, str]
) -> tuple[tuple[str, ...], Iterable[list[str]]]:
    """Header and rows; which videos were drawn at random only where somebody said so."""
    rows = _rows(labels)
    if not random:
        return HEADER, rows
    return (*HEADER, RANDOM), ([*row, random.get(row[0], "")] for row in rows)


def _rows(labels: _Labels) -> Iterable[list[str]]:
    for row, video in enumerate(labels.videos):
        mos, std, low, high = (
            _cell(float(values[row]))
            for values in (labels.mos, labels.std, labels.low, labels.high)
        )
        yield [video, mos, std, str(int(labels.ratings[row])), low, high]


def _write_tasks(out: Path, data: "Ratings | Pairs", labels: _Labels) -> None:
    from vq.files import write_json
    from vq.importers.ratings.label_studio import tasks
    from vq.importers.ratings.pairs import Pairs

    if isinstance(data, Pairs):
        raise DataError("--format label-studio: takes ratings of single videos, not pairs")
    write_json(out, tasks(data, mos=labels.mos, rejected=labels.rejected), ensure_ascii=False)


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"
