"""`vq verdict`: the verdict of the gates, and where the report is."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.errors import DataError

REPORT = "reports/report.html"
VERDICT = "reports/verdict.json"
"""Where dvc.yaml has the stages report and judge put them."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq verdict` takes."""
    parser.add_argument("--report", type=Path, default=Path(REPORT), help=f"default: {REPORT}")
    parser.add_argument("--verdict", type=Path, default=Path(VERDICT), help=f"default: {VERDICT}")


def run(args: Namespace) -> int:
    """Print the verdict; always 0, since reading it succeeded.

    Raises:
        DataError: there is no report or no verdict yet.
    """
    if not args.report.exists():
        raise DataError(f"{args.report}: no such file; `dvc repro` makes it")
    accepted, gates = _verdict(args.verdict)
    lines = [
        f"Report: {args.report.resolve().as_uri()}",
        f"Verdict: {'accepted' if accepted else 'not accepted'}",
        *(f"  {'open' if passed else 'SHUT'}  {sentence}" for passed, sentence in gates),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _verdict(path: Path) -> tuple[bool, list[tuple[bool, str]]]:
    # `vq.registry`, which writes it, stands above this package.
    try:
        raw = json.loads(path.read_bytes())
        return raw["accepted"], [(gate["passed"], gate["sentence"]) for gate in raw["gates"]]
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; `dvc repro` makes it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no verdict ({error}); run `dvc repro judge`") from error
