"""`vq serve`: score videos over HTTP."""

from argparse import ArgumentParser, Namespace

from vq.commands import streams
from vq.commands.listen import address, check_packages, listen, server
from vq.commands.score_options import (
    add_jobs,
    add_limits,
    add_model,
    at_least,
    folder_of,
    jobs_of,
    limits_of,
    threads_of,
)
from vq.commands.terminal import stoppable
from vq.errors import VqError

WRONG = 2
"""Exit code of a service that cannot start: no model, no port, no extra."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq serve` takes."""
    add_model(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: this machine alone)"
    )
    parser.add_argument(
        "--port", type=at_least(0), default=8000, help="0: any that is free (default: 8000)"
    )
    add_jobs(parser, default=1)
    parser.add_argument(
        "--queue",
        type=at_least(0),
        default=8,
        metavar="N",
        help="videos that may be uploaded or wait beside those at work; "
        "one more is refused, 503 (default: 8)",
    )
    parser.add_argument(
        "--max-upload-mb",
        type=at_least(1),
        default=500,
        metavar="N",
        help="size of a video; a larger one is refused, 413 (default: 500)",
    )
    parser.add_argument(
        "--grace-seconds",
        type=at_least(0),
        default=20,
        metavar="N",
        help="time for what is at work to end, once the service is to stop (default: 20)",
    )
    parser.add_argument(
        "--causes",
        action="store_true",
        help="rows say what is wrong with a video, and how likely that is; /metrics counts it",
    )
    add_limits(parser)


def run(args: Namespace) -> int:
    """Serve until a signal comes.

    Returns:
        128 and the number of that signal, or 2 if the service cannot start.
    """
    try:
        check_packages("fastapi", "prometheus_client", "python_multipart", "uvicorn")
        return _serve(args)
    except VqError as error:
        streams.say(f"vq serve: error: {error}")
        return WRONG


def _serve(args: Namespace) -> int:
    from vq.serving.app import Service
    from vq.serving.queue import ScoringQueue

    folder, jobs = folder_of(args, _say), jobs_of(args)
    queue = ScoringQueue(
        folder,
        jobs=jobs,
        waiting=args.queue,
        threads=threads_of(args, jobs),
        limits=limits_of(args),
        causes=args.causes,
    )
    try:
        service = Service(queue, max_upload_mb=args.max_upload_mb)
        running = server(service.app(), grace_seconds=args.grace_seconds)
        # Uvicorn stops at a signal, and then sends it once more to whoever handled it before.
        with stoppable() as stop, listen(args.host, args.port) as listener:
            _say(f"{queue.greeting.model} scores at {address(listener)} (Ctrl-C ends it)")
            if queue.greeting.opinion == "synthetic":
                _say(
                    "note: this student learnt from a synthetic MOS, which is not people's opinion"
                )
            running.run(sockets=[listener])
    finally:
        queue.close()
    return stop.exit_code


def _say(sentence: str) -> None:
    streams.say(f"vq serve: {sentence}")
