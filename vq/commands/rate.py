"""`vq rate`: have people rate videos in a browser."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from vq.commands import streams
from vq.commands.listen import address, check_packages, listen, server
from vq.commands.score_options import add_limits, at_least, limits_of
from vq.commands.terminal import stoppable
from vq.errors import DataError, VqError

if TYPE_CHECKING:
    from vq.rating.session import Session, Settings

WRONG = 2
"""Exit code of a service that cannot start."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq rate` takes."""
    parser.add_argument("source", type=Path, help="a folder of clips, or a table: column `video`")
    parser.add_argument(
        "--out", type=Path, default=Path("ratings"), help="folder of the session (default: ratings)"
    )
    parser.add_argument(
        "--mode",
        choices=("single", "pairs"),
        default="single",
        help="single: five levels for each clip; pairs: which of two is better (default: single)",
    )
    parser.add_argument(
        "--training",
        type=Path,
        help="folder or table of clips for practice, not counted (default: three of the clips)",
    )
    parser.add_argument(
        "--gold",
        type=Path,
        help="table: video, low, high; who rates most of them otherwise is left out",
    )
    parser.add_argument(
        "--clips-per-rater",
        type=at_least(2),
        default=100,
        metavar="N",
        help="each rater gets those that were given out least (default: 100)",
    )
    parser.add_argument(
        "--repeats",
        type=at_least(0),
        default=2,
        metavar="N",
        help="clips that each rater sees twice (default: 2)",
    )
    parser.add_argument(
        "--display",
        choices=("native", "fit"),
        default="native",
        help="native: pixel for pixel, if the screen is large enough; fit: fills the screen",
    )
    parser.add_argument(
        "--break-minutes",
        type=at_least(1),
        default=20,
        metavar="N",
        help="of rating, then a break is proposed (default: 20)",
    )
    parser.add_argument(
        "--raters",
        type=at_least(0),
        default=0,
        metavar="N",
        help="also print so many personal links (default: 0, all use the common one)",
    )
    parser.add_argument(
        "--max-raters",
        type=at_least(1),
        default=500,
        metavar="N",
        help="who may join by the common link (default: 500)",
    )
    parser.add_argument(
        "--days", type=at_least(1), default=14, metavar="N", help="links work (default: 14)"
    )
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the orders (default: 0)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: this machine alone)"
    )
    parser.add_argument(
        "--port", type=at_least(0), default=8001, help="0: any that is free (default: 8001)"
    )
    parser.add_argument(
        "--url", help="of the page for raters, if a proxy has it: https://example.org/rate/"
    )
    add_limits(parser)


def run(args: Namespace) -> int:
    """Serve until a signal comes.

    Returns:
        128 and the number of that signal, or 2 if the service cannot start.
    """
    try:
        check_packages("filelock", "pydantic", "starlette", "uvicorn")
        return _serve(args)
    except VqError as error:
        streams.say(f"vq rate: error: {error}")
        return WRONG


def _serve(args: Namespace) -> int:
    from vq.rating.app import RatingService
    from vq.rating.clips import clips_of
    from vq.rating.session import Session
    from vq.workers.process_pool import cores

    if args.gold and args.mode == "pairs":
        raise DataError("--gold: its levels are of single clips; leave it out, or --mode single")
    test = clips_of(args.source, out=args.out)
    training = clips_of(args.training) if args.training else []
    gold = clips_of(args.gold, gold=True) if args.gold else []
    session = Session(args.out, _settings(args))
    try:
        session.take(test, training, gold, jobs=min(4, cores(0)), limits=limits_of(args), say=_say)
        with stoppable() as stop, listen(args.host, args.port) as listener:
            url = f"{(args.url or address(listener)).rstrip('/')}/"
            # Links are told once the service handles signals: whoever sees them may end it.
            service = RatingService(session, started=lambda: _tell(session, args, url))
            # Of a proxy on this machine: limits by address are of those behind it.
            running = server(service.app(), grace_seconds=5, forwarded_allow_ips="127.0.0.1")
            running.run(sockets=[listener])
    finally:
        session.close()
    return stop.exit_code


def _settings(args: Namespace) -> "Settings":
    from vq.rating.session import Settings

    return Settings(
        mode=args.mode,
        display=args.display,
        clips_per_rater=args.clips_per_rater,
        repeats=args.repeats,
        break_minutes=args.break_minutes,
        most_raters=args.max_raters,
        days=args.days,
        seed=args.seed,
    )


def _tell(session: "Session", args: Namespace, url: str) -> None:
    from vq.words import count

    shown = [clip for clip in session.clips if clip.role == "test" and clip.active]
    refused = sum(bool(clip.problem) for clip in shown)
    rated = count(len(shown) - refused, "clip")
    _say(f"{rated} to rate, {refused} refused; ratings go to {args.out}")
    if session.waiting:
        _say(f"{count(session.waiting, 'clip')} are being prepared for browsers, meanwhile")
    _say(f"organiser: {url}organiser#{session.token('organiser')}")
    for number in range(1, args.raters + 1):
        name = f"rater-{number:03}"
        _say(f"{name}: {url}#{session.token('rater', name)}")
    _say(f"raters: {url}#{session.token('join')} (Ctrl-C ends it)")


def _say(sentence: str) -> None:
    streams.say(f"vq rate: {sentence}")
