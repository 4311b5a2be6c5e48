"""A workspace at one commit, or as it lies here, as dvc sees it.

Dvc reads a commit as it reads a folder (`Repo.switch`), so the same questions are asked of both:
which stages there are, what each depends on, and whether dvc.lock is true. Nothing is checked out.
"""

from collections.abc import Iterator, Mapping, Sequence
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

from vq.errors import DataError
from vq.pipeline import durations, git
from vq.pipeline.paths import place
from vq.pipeline.run_stages import opened
from vq.review.lock_status import reasons

OUTS = {
    "manifest": ("import", "manifest.csv"),
    "pruning": ("prune", "prune.csv"),
    "validation": ("evaluate", "validation.json"),
    "predictions": ("evaluate", "predictions.csv"),
    "verdict": ("judge", "verdict.json"),
}
"""Outs that a review reads: the stage that makes each, and its name there. Where it lies, dvc.yaml
says."""

CARD = "card.yaml"
COLUMNS = "columns.yaml"
LOCK = "requirements.lock"

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
    """By the names of `OUTS`, `card`, `durations` and `lock`: what is in it; or, as text, why it is
    not to be had."""
    params: Mapping[str, str]
    """Text of each file that stages take params from, and of the columns of the data set, by its
    path."""

    def hash_of(self, out: str) -> str | None:
        """What dvc.lock has of an out of `OUTS`, wherever its bytes are."""
        address, name = OUTS[out]
        outs = self.stages[address].outs if address in self.stages else {}
        return next((md5 for path, md5 in outs.items() if PurePosixPath(path).name == name), None)

    def lacks(self, why: str) -> str:
        """Why something is not to be had, with the place."""
        return f"{'here' if self.name == HERE else f'at {self.name}'}, {why}"

    def outdates(self, result: str) -> str:
        """A note on a result of a stage that had still to run here."""
        return f"{result} is older than {self.name}, whose dvc.lock is behind."


def look(root: Path, commit: str | None) -> Revision:
    """See a workspace at a commit, or as it lies here.

    Raises:
        DataError: there is no workspace at that commit, or its dvc.yaml or params.yaml is broken.
        BusyError: a dvc command is at work on the same files.
    """
    name, subject = git.describe(root, commit) if commit else (HERE, "")
    config = _storage(root) if commit else None
    with opened(root, config=config) as repo, _at(repo, commit, name):
        targets = [stage for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml"]
        planned = plan_repro(get_active_graph(repo.index.graph), targets)
        return Revision(
            name=name,
            subject=subject,
            stages={
                _address(stage): _stage(repo, stage, behind)
                for stage, behind in zip(planned, reasons(repo, planned), strict=True)
            },
            files={
                **{key: _out(repo, planned, *out) for key, out in OUTS.items()},
                "card": _card(repo, planned),
                "durations": _read(repo, durations.FILE.as_posix(), missing="there is none"),
                "lock": _read(repo, LOCK, missing="there is none"),
            },
            params=_params(repo, planned),
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


def _stage(repo: Repo, stage: DvcStage, behind: tuple[str, ...]) -> Stage:
    return Stage(
        command=stage.cmd or "",
        deps=tuple(place(repo, dep) for dep in stage.deps if not isinstance(dep, ParamsDependency)),
        params=tuple(
            (place(repo, dep), key)
            for dep in stage.deps
            if isinstance(dep, ParamsDependency)
            for key in dep.params
        ),
        outs={
            place(repo, out): out.hash_info.value if out.hash_info else None for out in stage.outs
        },
        behind=behind,
    )


def _params(repo: Repo, stages: Sequence[DvcStage]) -> dict[str, str]:
    files = {
        place(repo, dep)
        for stage in stages
        for dep in stage.deps
        if isinstance(dep, ParamsDependency) or PurePosixPath(dep.def_path).name == COLUMNS
    }
    read = {path: _read(repo, path) for path in sorted(files)}
    return {path: text.decode() for path, text in read.items() if isinstance(text, bytes)}


def _card(repo: Repo, stages: Sequence[DvcStage]) -> bytes | str:
    """The card that `import` reads."""
    deps = [dep for stage in stages if _address(stage) == "import" for dep in stage.deps]
    for path in (place(repo, dep) for dep in deps):
        if PurePosixPath(path).name == CARD:
            return _read(repo, path, missing=f"there is no `{path}`")
    return f"no stage `import` reads a {CARD}"


def _out(repo: Repo, planned: Sequence[DvcStage], address: str, name: str) -> bytes | str:
    for stage in planned:
        for out in stage.outs:
            path = place(repo, out)
            if _address(stage) == address and PurePosixPath(path).name == name:
                return _read(repo, path, missing=_why_not(repo, address, path, out))
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


def _read(repo: Repo, path: str, *, missing: str = "") -> bytes | str:
    """What is in a file, of the tree or else of cache or remote; `missing` if it is nowhere."""
    try:
        with repo.dvcfs.open(f"/{path}", "rb") as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return missing
    except Exception as error:  # noqa: BLE001 - each protocol of a remote has its own
        return f"the remote does not give `{path}` ({_line(error)}); try `dvc pull`"


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
