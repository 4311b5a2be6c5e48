"""`vq ask`: choose which videos people rate next."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.commands import streams
from vq.commands.score_options import at_least
from vq.errors import DataError
from vq.words import count

SCORES = "file of rows that `vq score --feature` wrote (.parquet, .csv, .jsonl, .json)"


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("scores", nargs="+", metavar="SCORES", help=SCORES)
    parser.add_argument(
        "--budget", type=at_least(1), required=True, metavar="N", help="videos to choose"
    )
    parser.add_argument("--out", type=Path, default=Path("ask.csv"), help="default: ask.csv")
    parser.add_argument(
        "--rated",
        action="append",
        default=[],
        metavar="SCORES",
        help="rows of videos that are rated already: not chosen, and what they tell is not asked",
    )
    parser.add_argument(
        "--contents", type=Path, help="table of the columns video and content: no content twice"
    )
    parser.add_argument("--replace", action="store_true", help="write over the file at --out")


def run(args: Namespace) -> int:
    """Write the table of what to rate.

    Returns:
        0 if as many videos were chosen as the budget says, 1 if there were fewer.

    Raises:
        VqError: rows, contents or the workspace's params cannot be used.
    """
    from vq.active_learning import table
    from vq.active_learning.ask import ask

    _check_output(args)
    request = ask(
        args.scores,
        args.budget,
        root=Path(),
        rated=args.rated,
        contents=args.contents,
    )
    choices = request.chosen.choices
    table.write(args.out, request.candidates, choices)
    for video, reason in request.chosen.left_out.items():
        streams.say(f"vq ask: left out: {video}: {reason}")
    random = sum(choice.random for choice in choices)
    lines = [
        f"{count(len(choices), 'video')} to rate of {len(request.candidates.videos)} with a score; "
        f"{random} drawn at random"
    ]
    if request.candidates.without_score:
        lines.append(f"{count(request.candidates.without_score, 'video')} without a score: never")
    if request.unseen:
        lines.append(f"{count(request.unseen, 'video')} not here: not looked at for duplicates")
    short = args.budget - len(choices)
    if short:
        lines.append(f"{count(short, 'video')} fewer than the budget: there are no others")
    sys.stdout.write("\n".join([*lines, f"Wrote {args.out}"]) + "\n")
    return int(short > 0)


def _check_output(args: Namespace) -> None:
    if args.out.suffix.lower() != ".csv":
        raise DataError(f"{args.out}: the table of what to rate is a .csv; name such a file")
    inputs = [*args.scores, *args.rated, *filter(None, [args.contents])]
    if args.out.exists() and any(
        Path(name).exists() and args.out.samefile(name) for name in inputs
    ):
        raise DataError(f"{args.out}: is one of the inputs; name another --out")
    if args.out.exists() and not args.replace:
        raise DataError(f"{args.out}: is there already; say --replace, or another --out")
