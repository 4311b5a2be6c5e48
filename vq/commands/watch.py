"""`vq watch`: compare recent videos with the training data."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

DRIFTED = 3
"""Exit code: something differs, which is no error."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "scores",
        nargs="+",
        metavar="SCORES",
        help="file of rows that `vq score` or the score flow wrote (.parquet, .csv, .jsonl, .json)",
    )


def run(given: Namespace) -> int:
    """Look, and say what differs.

    Returns:
        0 if nothing drifted, 3 if something did.

    Raises:
        VqError: rows, or what the training left, cannot be read.
    """
    from vq.drift import flow_summary
    from vq.drift.report import look

    sight = look(given.scores, root=Path())
    sys.stdout.write(f"{flow_summary.headline(sight)}\n")
    for one in sight.comparisons:
        mark = "drifted" if one.drifted else ""
        sys.stdout.write(
            f"  {one.column:12} {one.effect:.2f}  p {one.adjusted:<8.2g} {mark:8} {one.sentence}\n"
        )
    sys.stdout.writelines(f"  not compared: {sentence}\n" for sentence in sight.left_out)
    return DRIFTED if sight.drifted else 0
