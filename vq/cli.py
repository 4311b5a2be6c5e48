"""`vq STAGE PATH...` for dvc; `vq score` and friends for people."""

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from vq import stages
from vq.commands import streams

COMMANDS = {
    "score": "Score videos with the student.",
    "best": "Name the best copy of each source, and why the others are worse.",
    "serve": "Score videos over HTTP, with a page to drop them on.",
    "rate": "Have people rate videos in a browser.",
    "export": "Copy the student's files that scoring needs.",
    "labels": "Bring somebody's label file into our form.",
    "ratings": "Make labels of what each rater said of each video.",
    "ingest": "Take new labelled videos into the data set.",
    "ask": "Choose which videos people rate next.",
    "watch": "Compare recent videos with the training data.",
    "registry": "List released students, or tell all of one.",
    "promote": "Make a released student champion.",
    "rebuild": "Lay out what made a released student.",
    "rollback": "Make the champion before champion again.",
    "demo": "Make the demo data set.",
    "expectations": "Take expectations of the next version from the table of this one.",
    "footage": "Fetch photographs and clips, checked by hash and licence.",
    "pretrain": "Pretrain a built-in expert of the zoo.",
    "zoo": "List the experts that params.yaml may name.",
    "preset": "Set several knobs of params.yaml, for a machine or a purpose.",
    "diff": "Say what a change does, in Markdown for its reviewer.",
    "verdict": "Print the verdict of the gates, and where the report is.",
}
"""What people call, each in the module of `vq.commands` that bears its name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one stage or command.

    Returns:
        The exit code: 1 after an error that was ours to explain, or if whoever reads what is
        written left; 2 if it cannot be written.
    """
    streams.mend()
    # Only the command that is called is imported: `vq --help` stays instant.
    argv = list(sys.argv[1:] if argv is None else argv)
    name = argv[0] if argv else ""
    logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stderr)
    # Ours are few and meant for people; other libraries tell every step.
    logging.getLogger("vq").setLevel(logging.INFO)
    from vq.errors import VqError

    try:
        try:
            return _run(argv)
        finally:
            # Here an error can still be explained; Python does not, when it ends.
            sys.stdout.flush()
    except VqError as error:
        streams.say(f"vq {name}: error: {error}")
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "vq").split(".")[0] == "vq":  # a fault of ours
            raise
        # `python -m vq` takes any Python that comes first in PATH.
        sys.stderr.write(
            f"vq {name}: error: {sys.executable} has no {error.name}; use the environment that vq "
            "is installed in (`make setup` makes one), or pip install 'vq[train]'\n"
        )
        return 1
    except KeyboardInterrupt:
        streams.say(f"vq {name}: interrupted")
        return 130
    except OSError as error:
        if not streams.is_of_output(error):
            raise
        streams.drop()
        gone = isinstance(error, BrokenPipeError)
        why = "nobody reads it any more" if gone else f"it cannot be written ({error.strerror})"
        streams.say(f"vq {name}: standard output: {why}")
        return 1 if gone else 2


def _run(argv: Sequence[str]) -> int:
    name = argv[0] if argv else ""
    if name in COMMANDS:
        from vq.pipeline.command_line import command

        return command(name, argv[1:], description=COMMANDS[name])
    if name in stages.STAGES:
        from vq.pipeline.command_line import dispatch

        return dispatch(argv)
    return _help(argv)


def _help(argv: Sequence[str]) -> int:
    from importlib.metadata import version

    parser = ArgumentParser(prog="vq", description=__doc__)
    parser.add_argument("--version", action="version", version=f"vq {version('vq')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in {**stages.STAGES, **COMMANDS}.items():
        commands.add_parser(name, help=line)
    parser.parse_args(argv)
    return 0
