"""`vq STAGE PATH...` for dvc; `vq score` and friends for people."""

import importlib
import inspect
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter

from vq import stages, streams

COMMANDS = {
    "score": ("vq.commands.score", "Score videos with the student."),
    "serve": ("vq.commands.serve", "Score videos over HTTP, with a page to drop them on."),
    "export": ("vq.commands.export", "Copy the student's files that scoring needs."),
    "labels": ("vq.commands.labels", "Bring somebody's label file into our form."),
    "ratings": ("vq.commands.ratings", "Make labels of what each rater said of each video."),
    "ingest": ("vq.commands.ingest", "Take new labelled videos into the data set."),
    "watch": ("vq.commands.watch", "Compare recent videos with the training data."),
    "registry": ("vq.commands.registry", "List released students, or tell all of one."),
    "promote": ("vq.commands.promote", "Make a released student champion."),
    "rebuild": ("vq.commands.rebuild", "Lay out what made a released student."),
    "rollback": ("vq.commands.rollback", "Make the champion before champion again."),
    "demo": ("vq.commands.demo", "Make the demo data set."),
    "footage": ("vq.commands.footage", "Fetch photographs and clips, checked by hash and licence."),
    "pretrain": ("vq.commands.pretrain", "Pretrain a built-in expert of the zoo."),
    "zoo": ("vq.commands.zoo", "List the experts that params.yaml may name."),
    "diff": ("vq.commands.diff", "Say what a change does, in Markdown for its reviewer."),
    "report": ("vq.commands.report", "Say where the report is, and what the gates said."),
}
"""What people call: each module has `add_arguments(parser)`, and `run(given)` -> exit code."""


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
            return dispatch(argv)
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


def dispatch(argv: Sequence[str], *, held: bool = False) -> int:
    """Run one stage or command, for a caller that wants its errors.

    Args:
        argv: as on the command line, without `vq`.
        held: the caller holds the workspace (`vq.pipeline.lock.hold`); otherwise a stage does while it runs.

    Raises:
        VqError: what went wrong.
    """
    name = argv[0] if argv else ""
    if name in stages.STAGES:
        return _stage(name, argv[1:], held=held)
    return (_command if name in COMMANDS else _help)(name, argv[1:])


def run_stage(name: str, files: Sequence[Path], *, params_file: Path, **flags: object) -> None:
    """Run a stage in this process, on files in the order of dvc.yaml.

    Raises:
        VqError: params or files are wrong; the message says which and what to do.
    """
    from vq import params

    known = params.load(params_file)
    stage = stages.load(name)
    others = {other: known.section(other) for other in _others(stage)}
    stage(*files, params=known.section(name), seed=known.seed, **others, **flags)


def _others(stage: Callable[..., None]) -> list[str]:
    """Further sections of params that a stage asks for, by their names."""
    from vq.params import Params

    sections = Params.model_fields.keys() - {"seed"}
    return [name for name in inspect.signature(stage).parameters if name in sections]


def _stage(name: str, argv: Sequence[str], *, held: bool) -> int:
    from vq import code_version
    from vq.pipeline import durations
    from vq.training import torchrun
    from vq.errors import VqError
    from vq.pipeline.lock import hold, workspace_of

    if torchrun.count() > 1 and name not in stages.TOGETHER:
        raise VqError(f"{name} runs in one process; start it without torchrun")
    signature = inspect.signature(stages.load(name))
    others = _others(stages.load(name))
    parser = ArgumentParser(prog=f"vq {name}", description=stages.STAGES[name])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    files, flags = [], []
    for argument in signature.parameters.values():
        if argument.kind is argument.POSITIONAL_OR_KEYWORD:
            files.append(argument.name)
            parser.add_argument(argument.name, type=Path)
        elif argument.name not in ("params", "seed", *others):
            flags.append(argument.name)
            option = f"--{argument.name.replace('_', '-')}"
            if argument.annotation is bool:
                parser.add_argument(option, action="store_true")
            else:
                parser.add_argument(option, type=argument.annotation, default=argument.default)
    given = parser.parse_args(argv)
    paths = [getattr(given, file) for file in files]
    options = {flag: getattr(given, flag) for flag in flags}
    # The last file is an out: the workspace it lies in is the one that changes. Of processes that
    # train together, the first one writes: it holds the workspace for all of them.
    free = held or not paths or not torchrun.first()
    if paths and (root := workspace_of(paths[-1])):
        code_version.check(root)
    with nullcontext() if free else hold(paths[-1]):
        started = perf_counter()
        run_stage(name, paths, params_file=given.params, **options)
        # A plan is no run: it would pass for a quick one.
        if paths and torchrun.first() and not options.get("dry_run"):
            durations.record(paths[-1], name, perf_counter() - started)
    return 0


def _command(name: str, argv: Sequence[str]) -> int:
    module = importlib.import_module(COMMANDS[name][0])
    parser = ArgumentParser(prog=f"vq {name}", description=COMMANDS[name][1])
    module.add_arguments(parser)
    run: Callable[[Namespace], int] = module.run
    return run(parser.parse_args(argv))


def _help(name: str, argv: Sequence[str]) -> int:
    parser = ArgumentParser(prog="vq", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for known, line in {**stages.STAGES, **{n: line for n, (_, line) in COMMANDS.items()}}.items():
        commands.add_parser(known, help=line)
    parser.parse_args([name, *argv] if name else argv)
    return 0
