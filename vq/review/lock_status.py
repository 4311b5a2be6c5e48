"""Where dvc.lock is behind the commit or folder that it lies in."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from dvc.dependency import Dependency, ParamsDependency
from dvc.output import Output
from dvc.repo import Repo
from dvc.stage import Stage
from dvc_data.hashfile.hash import file_md5
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

from vq.pipeline.paths import inside, place, touch


def reasons(repo: Repo, stages: Sequence[Stage]) -> list[tuple[str, ...]]:
    """Why dvc would run each stage, in Markdown; nothing for one whose entry in dvc.lock is true.

    What stages make counts as dvc.lock has it, wherever the bytes are: a reviewer's machine need
    not have them. It is asked of each stage for itself: one below another that would run is named
    only if it has reasons of its own.
    """
    made = {place(repo, out): out for stage in stages for out in stage.outs}
    hashes: dict[str, HashInfo | None] = {}
    return [tuple(_of(repo, stage, made, hashes)) if stage.cmd else () for stage in stages]


def _of(
    repo: Repo, stage: Stage, made: Mapping[str, Output], hashes: dict[str, HashInfo | None]
) -> Iterator[str]:
    if not any(out.hash_info for out in stage.outs):
        yield "has not run yet"
        return
    if stage.cmd_changed:
        yield "its command"
    for dep in stage.deps:
        path = place(repo, dep)
        if isinstance(dep, ParamsDependency):
            # The seed is in every stage: it may be one key of several.
            for how in dep.status().values():
                yield from (f"`{key}`" for key in how) if isinstance(how, dict) else [f"`{path}`"]
        elif now := _now(repo, dep, made, hashes):
            if now != dep.hash_info:
                yield f"`{path}`"
        elif path in made:  # not here, but dvc.lock says what it was and what it is
            if made[path].hash_info and made[path].hash_info != dep.hash_info:
                yield f"`{path}`"
        elif not any(touch(path, out) for out in made):
            yield f"`{path}` is missing"
    # What git keeps must be there and be what the stage wrote.
    for out in stage.outs:
        if not out.use_cache and out.status():
            yield f"`{place(repo, out)}` is not what it wrote"


def _now(
    repo: Repo, dep: Dependency, made: Mapping[str, Output], hashes: dict[str, HashInfo | None]
) -> HashInfo | None:
    # Most sources are deps of many stages, and dvc takes milliseconds for each file of a commit.
    if dep.fs_path not in hashes:
        hashes[dep.fs_path] = _hash_of(repo, dep, made) if dep.exists else None
    return hashes[dep.fs_path]


def _hash_of(repo: Repo, dep: Dependency, made: Mapping[str, Output]) -> HashInfo:
    folder = place(repo, dep)
    if not any(inside(path, folder) and path != folder for path in made):
        return dep.get_hash()
    # Some of its files are under `dvc add`: those that are not here count as their .dvc files say.
    tree: Any = Tree()  # type: ignore[no-untyped-call]
    files = repo.dvcfs.fs
    for path in files.find(f"/{folder}", dvcfiles=True):
        md5 = files.info(path).get("md5") or file_md5(path, repo.dvcfs)
        tree.add(PurePosixPath(path).relative_to(f"/{folder}").parts, None, HashInfo("md5", md5))
    tree.digest()
    return tree.hash_info
