"""`vq expectations`: take expectations of the next version from the table of this one."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.errors import DataError
from vq.words import count


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "table",
        nargs="?",
        type=Path,
        default=Path("artifacts/accepted.parquet"),
        help="the accepted rows (default: artifacts/accepted.parquet)",
    )
    parser.add_argument("--columns", nargs="+", metavar="COLUMN", help="default: mos, codec, ...")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.1,
        help="share of the rows that may go, and of a range by which a quantile may move (0.1)",
    )
    parser.add_argument(
        "--divergence",
        type=float,
        default=0.1,
        help="KL divergence of categories that is allowed, in nats (0.1)",
    )


def run(args: Namespace) -> int:
    """Print them as YAML, to append to the `expectations.yaml` of a data set.

    Raises:
        DataError: the table cannot be read, or lacks a column.
    """
    import yaml

    from vq.data import manifest
    from vq.validation import profile

    rows = manifest.read(args.table)
    columns = args.columns or profile.DEFAULT_COLUMNS
    if missing := [name for name in columns if name not in rows]:
        raise DataError(
            f"{args.table}: has no column {missing[0]!r}; it has {', '.join(rows.columns)}"
        )
    items = profile.expectations(
        rows, columns, tolerance=args.tolerance, divergence=args.divergence
    )
    text = yaml.safe_dump(items, sort_keys=False, default_flow_style=None, width=140)
    sys.stdout.write(f"\n# Of {args.table}: {count(len(rows), 'row')}.\n{text}")
    return 0
