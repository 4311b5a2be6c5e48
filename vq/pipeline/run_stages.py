"""The stages of dvc.yaml, run inside this process and recorded as dvc would.

A flow wants the logs, errors and retries of a stage for itself, which a command in another process
hides. So `run` does what `dvc repro --single-item` does, step by step with dvc's own functions, and
only in place of the shell command calls the library. Afterwards `dvc status` is clean and
`dvc repro` has nothing to do.
"""

import glob
import logging
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.stage import Stage
from dvc.stage.cache import RunCacheNotFoundError
from dvc.stage.decorators import rwlocked, unlocked_repo

from vq import code_version as code
from vq.accuracy import record as accuracy_records
from vq.errors import BusyError, DataError, VqError
from vq.git import git
from vq.pipeline import durations
from vq.pipeline.command_line import dispatch
from vq.registry import source
from vq.registry.source import Source

log = logging.getLogger(__name__)

CODE = ("vq/**", "flows/**", "pyproject.toml", "requirements.lock", "prefect.yaml")
PIPELINE = (
    "**/dvc.yaml",
    "**/?*.dvc",
    "**/params.yaml",
    "**/card.yaml",
    "**/columns.yaml",
    "**/expectations.yaml",
)
"""Files that make a student, as git's patterns: one that git has never heard of counts as a change.
"""

KEPT = ("dvc.lock", ".gitignore", durations.FILE.as_posix(), "weights/hub.lock")
"""What a run writes beside the outs of stages."""


def nothing() -> None:
    """What is done before a stage, unless somebody has something to do."""


def stages(root: Path) -> list[str]:
    """Addresses of all stages that `dvc repro` would look at, each after those it needs.

    A data set may bring stages of its own: their address starts with their file, as in
    `data/demo/dvc.yaml:demo`. Data under `dvc add` has an address too, `data/mine/videos.dvc`.

    Raises:
        DataError: the folder is no workspace, or its dvc.yaml is wrong.
    """
    with opened(root) as repo:
        targets = repo.stage.collect("dvc.yaml")
        planned = plan_repro(get_active_graph(repo.index.graph), targets)
        return [stage.addressing for stage in planned]


def stale(root: Path, address: str) -> list[str]:
    """Why dvc would run a stage, a sentence for each reason; empty if it would not.

    Raises:
        BusyError: a dvc command is at work on the same files.
    """
    with opened(root) as repo:
        return [line for entry in repo.status(address).values() for line in _reasons(entry)]


def update(root: Path, address: str, *, before: Callable[[], None] = nothing) -> bool:
    """Run a stage if it is stale; the answer is whether it was.

    Raises:
        VqError: as `run`.
    """
    reasons = stale(root, address)
    log.info("%s: %s", address, "; ".join(reasons) or "nothing has changed")
    if reasons:
        run(root, address, before=before)
    return bool(reasons)


def run(root: Path, address: str, *, before: Callable[[], None] = nothing) -> None:
    """Run a stage in this process, stale or not, and record it in dvc.lock.

    The caller holds the workspace (`vq.pipeline.workspace_lock.hold`). As with dvc, the old outs
    are removed first, save those that persist, which are unlinked from the cache; and if dvc
    remembers a run with the same inputs, its outs come from the cache and nothing is run.

    `before` is called where the stage has to run indeed, before it does, while its files are held:
    to fill what persists.

    Raises:
        VqError: the stage failed; dvc.lock is as it was.
        BusyError: a dvc command is at work on the same files.
    """
    with opened(root) as repo, lock_repo(repo):
        (stage,) = repo.stage.collect(address)
        _reproduce(stage, before)
        stage.dump(update_pipeline=False)


def files_of(root: Path, address: str) -> dict[str, Path]:
    """The files that the command of a stage names, by their name without suffix.

    Paths stand in dvc.yaml and nowhere else: whoever needs one asks here.

    Raises:
        DataError: there is no such stage.
    """
    with opened(root) as repo:
        (stage,) = repo.stage.collect(address)
        paths = [Path(f.fs_path) for f in (*stage.deps, *stage.outs) if f.def_path in stage.cmd]
        return {path.stem: path for path in paths}


def has_read(root: Path, address: str, file: Path) -> bool:
    """Whether the last run of a stage, as dvc.lock has it, read a file or folder of the workspace.

    Raises:
        DataError: there is no such stage.
    """
    with opened(root) as repo:
        (stage,) = repo.stage.collect(address)
        place = os.path.normpath(Path(repo.root_dir, file))
        return any(dep.hash_info for dep in stage.deps if dep.fs_path == place)


def objection(root: Path, file: Path) -> str:
    """Why dvc would not take, or not keep, what is added to a file or folder of the workspace.

    Returns:
        A sentence with what to do; empty if nothing is in the way.
    """
    with opened(root) as repo:
        place = Path(os.path.normpath(Path(repo.root_dir, file)))
        for stage in repo.index.stages:
            for out in (Path(out.fs_path) for out in stage.outs):
                if place.is_relative_to(out) or out.is_relative_to(place):
                    return _objection(stage, Path(os.path.relpath(out, repo.root_dir)), file)
    return ""


def _objection(stage: Stage, out: Path, file: Path) -> str:
    if stage.cmd:
        return (
            f"{out}: the stage {stage.addressing} makes these videos, and would remove new ones; "
            "set data.dir in params.yaml to a data set of your own"
        )
    # Its data stay where they are.
    own = f"`dvc remove {stage.relpath}`, then `dvc add {file}`"
    if stage.is_import:
        return (
            f"{out}: was imported ({stage.relpath}), and `dvc update` would undo what is added "
            f"here; add it where that comes from, or make the copy your own: {own}"
        )
    if stage.frozen:
        return f"{out}: is frozen; `dvc unfreeze {stage.relpath}` if it may grow"
    if out != Path(os.path.normpath(file)):
        return f"{file}: cannot be put under dvc by itself, since {stage.relpath} has {out}; {own}"
    return ""


def add(root: Path, files: Sequence[Path]) -> list[Path]:
    """Put data under dvc as it lies there now, save what git has; other files stay.

    Returns:
        What git is to have of that: for each the `.dvc` file, or the file itself.

    Raises:
        DataError: dvc does not take it; the message has its words.
        BusyError: a dvc command is at work on the same files.
    """
    files = [file for file in files if (root / file).exists()]
    ours = [file for file in files if not _in_git(root, file)]
    with opened(root) as repo:
        repo.scm_context.quiet = True  # it would say what `commit` does
        if ours:
            repo.add([str(file) for file in ours])
    recorded = [file.with_name(f"{file.name}.dvc") for file in ours]
    ignores = [file.with_name(".gitignore") for file in ours]
    written = [file for file in files if file not in ours] + recorded + ignores
    return [file for file in dict.fromkeys(written) if (root / file).exists()]


def written_for_git(root: Path) -> list[Path]:
    """Files that a run leaves for git: dvc.lock, and outs that dvc does not cache.

    A data set with stages of its own has another dvc.lock, and each folder of outs a .gitignore.
    """
    with opened(root) as repo:
        base = Path(repo.root_dir)
        locks = [Path(stage.path).with_name("dvc.lock") for stage in repo.index.stages]
        ignores = [Path(out.fs_path).with_name(".gitignore") for out in repo.index.outs]
        outs = [Path(out.fs_path) for out in repo.index.outs if not out.use_cache]
    files = [*(base / name for name in KEPT), *locks, *ignores, *outs]
    ours = {file for file in files if file.is_relative_to(base) and file.exists()}
    return _not_ignored(root, sorted(file.relative_to(base).as_posix() for file in ours))


def commit(root: Path, files: Sequence[Path], message: str) -> str:
    """Put files into git, and nothing else that may have changed.

    Returns:
        The commit; empty if git has them like that already.

    Raises:
        DataError: git does not take it; the message has its words.
    """
    names = [file.as_posix() for file in files]
    try:
        git(root, "add", "--", *names)
        if not git(root, "diff", "--cached", "--name-only", "--", *names):
            return ""
        git(root, "commit", "--quiet", "--message", message, "--only", "--", *names)
        return git(root, "rev-parse", "HEAD").decode().strip()
    except subprocess.CalledProcessError as error:
        output = " ".join((error.stderr or error.stdout).decode(errors="replace").split())
        raise DataError(
            f"{root}: the data is in place, but git says: {output}; commit it"
        ) from error


def source_of(root: Path) -> Source:
    """The git commit of a workspace, and what but the files that dvc writes differs from it.

    New files count where they are code, params, or part of the pipeline: read by a stage, and in
    neither git nor dvc. Others (uploads, a delivery, rows of scores) are nobody's business.

    Raises:
        DataError: the changes are too large to keep.
        VqError: this process runs other code than that of the workspace.
    """
    code.check(root)
    with opened(root) as repo:
        base = Path(repo.root_dir)
        written = [Path(out.fs_path).relative_to(base) for out in repo.index.outs]
        deps = [Path(dep.fs_path) for dep in repo.index.deps]
        wanted = [_pattern(dep, base) for dep in deps if dep.is_relative_to(base)]
    ours = [path.as_posix() for path in written]
    return source.read(
        root,
        ignored=[*ours, *(f"**/{name}" for name in (*KEPT, accuracy_records.FILE))],
        untracked=[*CODE, *PIPELINE, *wanted],
    )


def _pattern(dep: Path, root: Path) -> str:
    """Of what a stage reads: of a folder the programs, since it may hold videos as well."""
    name = glob.escape(dep.relative_to(root).as_posix())
    return f"{name}/**/*.py" if dep.is_dir() else name


@contextmanager
def opened(root: Path, *, config: dict[str, Any] | None = None) -> Iterator[Repo]:
    """The dvc repository of a workspace, seen from its folder.

    Settings of `config` come before those of its files.

    Raises:
        DataError: there is none, or dvc refuses what it was asked.
        BusyError: a dvc command is at work on the same files.
    """
    # dvc reads and gives addresses relative to where the process is.
    try:
        with chdir(root), Repo(".", config=config) as repo:
            yield repo
    except LockError as error:
        raise BusyError(f"{root}: {error}") from error
    except DvcException as error:
        raise DataError(f"{root}: {error}") from error


def _not_ignored(root: Path, names: Sequence[str]) -> list[Path]:
    """Of files, those that git has or would take."""
    try:
        seen = git(
            root, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *names
        )
    except subprocess.CalledProcessError:  # outside git
        return []
    return [Path(name) for name in filter(None, seen.decode().split("\0"))]


def _in_git(root: Path, file: Path) -> bool:
    try:
        return bool(git(root, "ls-files", "--", file.as_posix()))
    except subprocess.CalledProcessError:  # outside git
        return False


@rwlocked(read=["deps"], write=["outs"])
def _reproduce(stage: Stage, before: Callable[[], None]) -> None:
    if not stage.cmd:  # data under `dvc add`: there is nothing to call
        stage.run()
        return
    if missing := [dep.def_path for dep in stage.deps if not dep.exists]:
        raise DataError(
            f"{missing[0]}: is missing, and the stage {stage.addressing} reads it; put it there, "
            "or run `dvc pull`"
        )
    stage.remove_outs(ignore_remove=False, force=False)
    try:
        stage.repo.stage_cache.restore(stage)
    except RunCacheNotFoundError:
        _call(stage, before)
    remember = all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs)
    stage.save(run_cache=remember)
    stage.commit()


# As in dvc, the repository is free while the command runs (anyone may ask for its status); the
# files of the stage are not.
@unlocked_repo
def _call(stage: Stage, before: Callable[[], None]) -> None:
    before()
    with chdir(stage.wdir):
        for command in stage.cmd if isinstance(stage.cmd, list) else stage.cmd.splitlines():
            _execute(command)


def _execute(command: str) -> None:
    arguments = code.arguments(command)
    try:
        if arguments is not None:
            status = dispatch(arguments, held=True)
        else:  # a data set may be made by any program
            status = subprocess.run(command, shell=True, check=False).returncode
    except SystemExit as error:  # argparse; it has told standard error what it misses
        raise DataError(f"{command}: wrong arguments; see dvc.yaml") from error
    if status:
        raise VqError(f"{command}: ended with exit code {status}; the log above says why")


def _reasons(entry: list[Any]) -> Iterator[str]:
    for reason in entry:
        if isinstance(reason, str):  # such as "changed command"
            yield reason
            continue
        for change, files in reason.items():
            for file, how in files.items():
                # Of a params file dvc names the keys.
                keys = (
                    [f"{file}: {k} ({h})" for k, h in how.items()] if isinstance(how, dict) else []
                )
                yield f"{change}: " + (", ".join(keys) or f"{file} ({how})")
