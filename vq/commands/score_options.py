"""Options of the command line that are the same wherever videos are scored."""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path

from vq.scoring.locate import MODEL, SHIPPED, default, locate
from vq.workers.limits import Limits


def add_inputs(parser: ArgumentParser) -> None:
    """Let people name videos, as everything that scores takes them."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="video, folder, pattern, list (.csv, .tsv, .xlsx or .parquet with a column "
        "video, .txt with a path a line), or - for a list on standard input",
    )


def add_model(parser: ArgumentParser) -> None:
    """Declare which student scores."""
    parser.add_argument(
        "--model",
        help=f"folder, models:/NAME@ALIAS, or {SHIPPED}: the student that is part of vq "
        f"(default: {MODEL} if there is one, else {SHIPPED})",
    )


def add_jobs(parser: ArgumentParser, *, default: int) -> None:
    """Declare how many videos are scored at a time."""
    parser.add_argument(
        "--jobs",
        type=at_least(0),
        default=default,
        help="videos at a time; 0: one a core (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=at_least(1),
        help="of the network, in each job (default: 2, with more than one job 1)",
    )


def add_limits(parser: ArgumentParser) -> None:
    """Declare what one video may cost."""
    for name, (kind, text) in _LIMITS.items():
        parser.add_argument(
            f"--max-{name.replace('_', '-')}",
            type=kind,
            default=getattr(Limits(), name),
            metavar="N",
            help=f"{text} (default: %(default)s)",
        )


def folder_of(args: Namespace, say: Callable[[str], None]) -> Path:
    """The folder of the student that scores.

    `say` gets a note if the student of vq itself is used by default.

    Raises:
        WeightsError: there is no such folder or model.
    """
    model = args.model or default()
    if not args.model and model == SHIPPED:
        say(f"note: there is no {MODEL} here; this is the student that is part of vq")
    return locate(model)


def jobs_of(args: Namespace) -> int:
    """How many videos at a time."""
    jobs: int = args.jobs
    if jobs:
        return jobs
    from vq.workers.process_pool import cores

    return cores(0)


def threads_of(args: Namespace, jobs: int) -> int:
    """How many threads each of the jobs has."""
    threads: int = args.threads or (2 if jobs == 1 else 1)
    return threads


def limits_of(args: Namespace) -> Limits:
    """What one video may cost."""
    return Limits(**{name: getattr(args, f"max_{name}") for name in _LIMITS})


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers, so many or more."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"should be {least} or more, got {text!r}")
        return int(text)

    return parse


def above_zero(text: str) -> float:
    """Read a number above 0.

    Raises:
        ArgumentTypeError: it is none.
    """
    number = _number(text)
    if not (math.isfinite(number) and number > 0):
        raise ArgumentTypeError(f"should be a number above 0, got {text!r}")
    return number


def share(text: str) -> float:
    """Read a share, such as 1% or 0.01: above 0, at most one half.

    From .1 on with the sign: whoever writes 0.5 may mean half a percent.

    Raises:
        ArgumentTypeError: it is none.
    """
    percent = text.endswith("%")
    number = _number(text.removesuffix("%")) / (100 if percent else 1)
    if not 0 < number <= 0.5 or (number >= 0.1 and not percent):
        raise ArgumentTypeError(
            f"should be above 0 and at most 50%, such as 1% or 0.01; from 0.1 on with the sign %; "
            f"got {text!r}"
        )
    return number


def finite(text: str) -> float:
    """Read a number.

    Raises:
        ArgumentTypeError: it is none.
    """
    number = _number(text)
    if not math.isfinite(number):
        raise ArgumentTypeError(f"should be a number, got {text!r}")
    return number


_LIMITS: dict[str, tuple[Callable[[str], float], str]] = {
    "seconds": (above_zero, "wall time of a video"),
    "memory_mb": (at_least(1), "memory of the process that scores it"),
    "megapixels": (above_zero, "millions of pixels in a frame"),
    "frames": (at_least(1), "frames of a video"),
    "download_mb": (at_least(1), "size of a video that is fetched by URL"),
}
"""The fields of `Limits`: how each is read, and what it limits."""


def _number(text: str) -> float:
    """The number that a text is; nan if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
