"""`vq best INPUT...`: which of the copies of one source is best, and why the others are worse."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.commands import streams
from vq.commands.score_options import (
    add_inputs,
    add_jobs,
    add_limits,
    add_model,
    folder_of,
    jobs_of,
    limits_of,
    threads_of,
)
from vq.commands.terminal import shown, stoppable
from vq.errors import DataError, VqError
from vq.inference.row import Row
from vq.scoring.discover import discover
from vq.scoring.names import is_url
from vq.words import count, which

WRONG = 2
"""Exit code of a run that cannot work."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq best` takes."""
    add_inputs(parser)
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="all that is known, instead of a table")
    parser.add_argument(
        "--link",
        type=Path,
        metavar="DIR",
        help="make symbolic links there to the best of each group",
    )
    parser.add_argument(
        "--move",
        type=Path,
        metavar="DIR",
        help="move the others of each group there; nothing is deleted or written over",
    )
    add_jobs(parser, default=0)
    add_limits(parser)


def run(args: Namespace) -> int:
    """Name the best copies.

    Returns:
        0 if every input has a score, 1 if any has none, 2 if nothing can be compared, 128 and the
        number of the signal that ended the run.
    """
    try:
        return _run(args)
    except VqError as error:
        streams.say(f"vq best: error: {error}")
        return WRONG


def _run(args: Namespace) -> int:
    try:
        import imagehash  # noqa: F401
    except ModuleNotFoundError as error:
        raise DataError(
            f"copies are found by {error.name}, which is missing; pip install 'vq[best]'"
        ) from error
    from vq.best import place_files, same_files
    from vq.best.find import Finder

    if args.link and args.move and place_files.same_place(args.link, args.move):
        raise DataError(f"--link and --move name one folder, {args.link}; name two")
    folder, jobs = folder_of(args, _say), jobs_of(args)
    with Finder(
        folder, jobs=jobs, threads=threads_of(args, jobs), limits=limits_of(args)
    ) as finder:
        local = [text for text in args.inputs if not is_url(text)]
        items = [text for text in args.inputs if is_url(text)] + discover(local, say=_say)
        videos, again = same_files.once([_local(item) for item in items])
        for video, kept in again.items():
            _say(f"{video} is the same file as {kept}, and counts once")
        with stoppable() as stop:
            result = finder.find(
                videos,
                stopped=stop,
                shown=lambda items: shown(items, total=len(videos), streaming=False),
            )
        if stop():
            _say("interrupted; nothing is named, linked or moved")
            return stop.exit_code
    best = [one.copies[one.best].copy.video for one in result.groups if one.best is not None]
    others = [other.copy.video for one in result.groups for other in one.others]
    if args.json:
        sys.stdout.write(json.dumps(result.as_mapping(), indent=2) + "\n")
    else:
        from vq.best import table

        table.write(result)
    if args.move is not None:
        for video in filter(_is_link, others):
            _say(f"{video} is a symbolic link, and stays: move what it leads to by its own name")
        others = [video for video in others if not _is_link(video)]
    # Nothing is done unless all of it can be, as far as that is known.
    if args.link is not None:
        place_files.check_links(best, args.link)
    if args.move is not None:
        place_files.check_moves(others, args.move)
    # Moved first: a link to what is moved away later would lead nowhere.
    for folder_to, names, verb, do in (
        (args.move, others, "moved", place_files.move),
        (args.link, best, "linked", place_files.link),
    ):
        if folder_to is not None:
            done = 0
            for video, target in do(names, folder_to):
                _say(f"{verb} {video} to {target}")
                done += 1
            if not done:
                _say(f"nothing is {verb}" + (", all of it was before" if names else ""))
    _tell_failures(result.failed)
    return int(bool(result.failed))


def _is_link(video: str) -> bool:
    return Path(video).is_symlink()


def _tell_failures(failed: tuple[Row, ...]) -> None:
    if failed:
        have = which(len(failed), "has", "have")
        _say(f"{count(len(failed), 'input')} {have} no score, and {have} a row that says why")


def _local(item: str | Row) -> str | Row:
    if isinstance(item, str) and is_url(item):
        return Row(item, "unreadable", "is a URL; copies are compared on this machine: fetch it")
    return item


def _say(sentence: str) -> None:
    streams.say(f"vq best: {sentence}")
