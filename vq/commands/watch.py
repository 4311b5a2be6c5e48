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


def run(args: Namespace) -> int:
    """Look, and say what differs.

    Returns:
        0 if nothing drifted, 3 if something did.

    Raises:
        VqError: rows, or what the training left, cannot be read.
    """
    from vq.drift import flow_summary
    from vq.drift.report import drift_report

    report = drift_report(args.scores, root=Path())
    sys.stdout.write(f"{flow_summary.headline(report)}\n")
    for comparison in report.comparisons:
        mark = "drifted" if comparison.drifted else ""
        sys.stdout.write(
            f"  {comparison.column:12} {comparison.effect:.2f}  p {comparison.adjusted:<8.2g} "
            f"{mark:8} {comparison.sentence}\n"
        )
    sys.stdout.writelines(f"  not compared: {sentence}\n" for sentence in report.left_out)
    return DRIFTED if report.drifted else 0
