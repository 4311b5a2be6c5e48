"""`vq STAGE PATH...` and `vq COMMAND ...`, run inside this process.

Commands come through here as well, `vq score` among them: nothing heavy is imported until it is
needed.
"""

import importlib
import inspect
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from vq import stages

if TYPE_CHECKING:
    from vq.params import Params


def dispatch(argv: Sequence[str], *, held: bool = False) -> int:
    """Run one stage or command, for a caller that wants its errors.

    If it is not `held` by the caller (`vq.pipeline.workspace_lock.hold`), a stage holds the
    workspace while it runs.

    Raises:
        VqError: what went wrong.
    """
    name, *rest = argv
    if name in stages.STAGES:
        return _stage(name, rest, held=held)
    return command(name, rest)


def command(name: str, argv: Sequence[str], *, description: str | None = None) -> int:
    """Run a command: its module bears its name, with `add_arguments(parser)` and `run(args)`."""
    module = importlib.import_module(f"vq.commands.{name}")
    parser = ArgumentParser(prog=f"vq {name}", description=description)
    module.add_arguments(parser)
    run: Callable[[Namespace], int] = module.run
    return run(parser.parse_args(argv))


def run_stage(name: str, files: Sequence[Path], *, params_file: Path, **flags: object) -> None:
    """Run a stage in this process, on files in the order of dvc.yaml.

    Raises:
        VqError: params or files are wrong; the message says which and what to do.
    """
    from vq.params import load

    paths = dict(zip(files_of(stages.load(name)), files, strict=True))
    call_stage(name, load(params_file), **paths, **flags)


def call_stage(name: str, params: "Params", **paths_and_flags: object) -> None:
    """Run a stage in this process, on files by their names, with what it takes of the params.

    Raises:
        VqError: as `run_stage`.
    """
    stage = stages.load(name)
    settings: dict[str, object] = {
        argument: params.section(section) for argument, section in sections_of(stage).items()
    }
    # Whoever draws nothing takes no seed, and does not run again for another one.
    if "seed" in inspect.signature(stage).parameters:
        settings["seed"] = params.seed
    stage(**settings, **paths_and_flags)


def files_of(stage: Callable[..., None]) -> list[str]:
    """Names of the files that a stage takes, in the order of dvc.yaml."""
    arguments = inspect.signature(stage).parameters.values()
    return [argument.name for argument in arguments if argument.annotation is Path]


def sections_of(stage: Callable[..., None]) -> dict[str, str]:
    """The sections of params that a stage takes, by argument: those of its annotations."""
    from vq.params import Params

    names = {field.annotation: field.alias or name for name, field in Params.model_fields.items()}
    arguments = inspect.signature(stage).parameters.values()
    sections = [argument for argument in arguments if argument.annotation in names]
    # Other arguments than the seed may be whole numbers.
    return {one.name: names[one.annotation] for one in sections if one.annotation is not int}


def _stage(name: str, argv: Sequence[str], *, held: bool) -> int:
    started = perf_counter()  # what is imported for a stage takes seconds as well
    from vq import code_version
    from vq.errors import VqError
    from vq.params import load
    from vq.pipeline import durations
    from vq.pipeline.workspace_lock import hold, workspace_of
    from vq.training import torchrun

    if torchrun.world_size() > 1 and name not in stages.TOGETHER:
        raise VqError(f"{name} runs in one process; start it without torchrun")
    stage = stages.load(name)
    files = files_of(stage)
    settings = {"seed", *sections_of(stage)}
    parser = ArgumentParser(prog=f"vq {name}", description=stages.STAGES[name])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    flags = []
    for argument in inspect.signature(stage).parameters.values():
        if argument.name in files:
            parser.add_argument(argument.name, type=Path)
        elif argument.name not in settings:
            flags.append(argument.name)
            option = f"--{argument.name.replace('_', '-')}"
            if argument.annotation is bool:
                parser.add_argument(option, action="store_true")
            else:
                parser.add_argument(option, type=argument.annotation, default=argument.default)
    args = parser.parse_args(argv)
    paths = [getattr(args, file) for file in files]
    options = {flag: getattr(args, flag) for flag in flags}
    # The last file is an out: the workspace it lies in is the one that changes. Of processes that
    # train together, the first one writes: it holds the workspace for all of them.
    free = held or torchrun.HELD in os.environ or not paths or not torchrun.is_first()
    if paths and (root := workspace_of(paths[-1])):
        code_version.check(root)
    with nullcontext() if free else hold(paths[-1]):
        processes = load(args.params).run.processes if name in stages.TOGETHER else 1
        if processes > 1 and torchrun.world_size() == 1:
            torchrun.launch(processes, [name, *argv])
            return 0
        run_stage(name, paths, params_file=args.params, **options)
        # A plan is no run: it would pass for a quick one.
        if paths and torchrun.is_first() and not options.get("dry_run"):
            durations.record(paths[-1], name, perf_counter() - started)
    return 0
