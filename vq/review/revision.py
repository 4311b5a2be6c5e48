"""A workspace at one commit, or as it lies here, as dvc sees it.

Dvc reads a commit as it reads a folder (`Repo.switch`), so the same questions are asked of both:
which stages there are, what each depends on, and whether dvc.lock is true. Outs in the cache count
as they are in dvc.lock, wherever their bytes are: a reviewer's machine need not have them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.exceptions import DvcException
from dvc.output import Output
from dvc.repo import Repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.stage import Stage as DvcStage

from vq import durations
from vq.errors import DataError
from vq.review import git
from vq.workspace import opened

WANTED = {
    "manifest": ("import", "manifest.csv"),
    "validation": ("evaluate", "validation.json"),
    "predictions": ("evaluate", "predictions.csv"),
    "verdict": ("judge", "verdict.json"),
}
"""Outs that a review reads: the stage that makes each, and its name there. Where it lies, dvc.yaml
says."""

HERE = "working tree"
"""Name of what lies in the workspace, committed or not."""


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.yaml, or data under `dvc add`, which has no command."""

    command: str
    deps: tuple[str, ...]
    """Files and folders, relative to the workspace."""
    params: tuple[tuple[str, str], ...]
    """File and key, such as `("params.yaml", "distill")`."""
    outs: Mapping[str, str | None]
    """Path and hash, as dvc.lock has it; none if the stage has not run."""
    behind: tuple[str, ...] = ()
    """Why dvc would run the stage here; empty if dvc.lock is true of all that the stage sees."""


@dataclass(frozen=True)
class Revision:
    """All that a review wants to know."""

    name: str
    """For people: a few digits of the commit, or `HERE`."""
    subject: str
    """First line of the commit's message."""
    stages: Mapping[str, Stage]
    """By address, each after those it needs."""
    files: Mapping[str, bytes | str]
    """By the names of `WANTED`, and `params` and `durations`: what is in it; or, as text, why it is
    not to be had (empty where nobody has to have it)."""

    def lacks(self, why: str) -> str:
        """Why something is not to be had, with the place."""
        return f"{'here' if self.name == HERE else f'at {self.name}'}, {why}"


def look(root: Path, commit: str | None) -> Revision:
    """See a workspace at a commit, or as it lies here.

    Raises:
        DataError: there is no workspace at that commit, or its dvc.yaml or params.yaml is broken.
        BusyError: a dvc command is at work on the same files.
    """
    name, subject = git.describe(root, commit) if commit else (HERE, "")
    with opened(root, config=_storage(root)) as repo, _at(repo, commit, name):
        asked = [stage for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml"]
        planned = plan_repro(get_active_graph(repo.index.graph), asked)
        made = {_path(repo, out.fs_path): out for stage in planned for out in stage.outs}
        return Revision(
            name=name,
            subject=subject,
            stages={_address(stage): _stage(repo, stage, made) for stage in planned},
            files={
                **{key: _out(repo, planned, *wanted) for key, wanted in WANTED.items()},
                "params": _read(repo, "params.yaml"),
                "durations": _read(repo, durations.FILE.as_posix()),
            },
        )


def _storage(root: Path) -> dict[str, Any]:
    """Cache and remotes as they are set here.

    A commit's own may be gone since; and dvc takes a folder that is relative in a commit's settings
    from the root of the file system.
    """
    with opened(root) as repo:
        default = repo.config["core"].get("remote")
        return {
            "core": {"remote": default} if default else {},
            "remote": dict(repo.config["remote"]),
            "cache": dict(repo.config["cache"]),
        }


@contextmanager
def _at(repo: Repo, commit: str | None, name: str) -> Iterator[None]:
    try:
        if commit is None:
            yield
            return
        with repo.switch(commit):
            yield
    except DvcException as error:
        raise DataError(f"{name}: {error}") from error


def _address(stage: DvcStage) -> str:
    # Dvc's own is relative to where the process is, which means nothing inside a commit.
    name = getattr(stage, "name", None)
    if name is None:
        return stage.path_in_repo
    return name if stage.path_in_repo == "dvc.yaml" else f"{stage.path_in_repo}:{name}"


def _stage(repo: Repo, stage: DvcStage, made: Mapping[str, Any]) -> Stage:
    return Stage(
        command=stage.cmd or "",
        deps=tuple(
            _path(repo, dep.fs_path) for dep in stage.deps if not isinstance(dep, ParamsDependency)
        ),
        params=tuple(
            (_path(repo, dep.fs_path), key)
            for dep in stage.deps
            if isinstance(dep, ParamsDependency)
            for key in dep.params
        ),
        outs={
            _path(repo, out.fs_path): out.hash_info.value if out.hash_info else None
            for out in stage.outs
        },
        behind=tuple(_behind(repo, stage, made)) if stage.cmd else (),
    )


def _behind(repo: Repo, stage: DvcStage, made: Mapping[str, Any]) -> Iterator[str]:
    if not any(out.hash_info for out in stage.outs):
        yield "has not run yet"
        return
    if stage.cmd_changed:
        yield "its command"
    for dep in stage.deps:
        path = _path(repo, dep.fs_path)
        # The seed is in every stage: it may be one key of several.
        for how in dep.status().values():
            if isinstance(how, dict):
                yield from (f"`{key}`" for key in how)
            elif how != "deleted":
                yield f"`{path}`"
            elif path in made:  # not here, but dvc.lock says what it was and what it is
                if made[path].hash_info and made[path].hash_info != dep.hash_info:
                    yield f"`{path}`"
            elif not any(_inside(path, out) or _inside(out, path) for out in made):
                yield f"`{path}` is missing"
    # What git keeps must be there and be what the stage wrote.
    for out in stage.outs:
        if not out.use_cache and out.status():
            yield f"`{_path(repo, out.fs_path)}` is not what it wrote"


def _out(repo: Repo, planned: list[DvcStage], address: str, name: str) -> bytes | str:
    for stage in planned:
        for out in stage.outs:
            path = _path(repo, out.fs_path)
            if _address(stage) == address and PurePosixPath(path).name == name:
                return _read(repo, path) or _why_not(repo, address, path, out)
    return f"no stage `{address}` writes a {name}"


def _why_not(repo: Repo, address: str, path: str, out: Output) -> str:
    """Why an out is not to be had, and how to get it."""
    if not out.hash_info:
        locked = repo.fs.exists(repo.fs.join(repo.root_dir, "dvc.lock"))
        return (
            f"`{address}` has not run" if locked else "there is no dvc.lock; `dvc repro` makes it"
        )
    if not out.use_cache:
        return f"`{path}` is not in git, where it belongs"
    if remote := repo.config["core"].get("remote"):
        return (
            f"`{path}` is neither in the cache nor in the remote `{remote}`: `dvc push` where it "
            "was made"
        )
    return f"`{path}` is not in the cache, and no remote is set that `dvc pull` could bring it from"


def _read(repo: Repo, path: str) -> bytes | str:
    """What is in a file: of the tree, or else of the cache or the remote; empty if in none."""
    try:
        with repo.dvcfs.open(f"/{path}", "rb") as file:
            found: bytes = file.read()
            return found
    except FileNotFoundError:
        return ""
    except Exception as error:  # noqa: BLE001 - each protocol of a remote has its own
        return f"the remote does not give `{path}` ({_line(error)}); try `dvc pull`"


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _path(repo: Repo, path: str) -> str:
    full, root = PurePosixPath(Path(path).as_posix()), PurePosixPath(Path(repo.root_dir).as_posix())
    return full.relative_to(root).as_posix() if full.is_relative_to(root) else str(full)


def _inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
