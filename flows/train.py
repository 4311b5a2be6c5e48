"""Train a student on what is new, and release it if it may be released.

`prefect deploy --all`, once; then `prefect deployment run train/train --watch`.
"""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from vq import params
from vq.errors import BusyError, VqError
from vq.lock import hold
from vq.release import notes, registry
from vq.release.champion import Videos
from vq.workspace import commit_of, files_of, stages, update

# With PREFECT_LOGGING_EXTRA_LOGGERS=vq (see prefect.yaml) the log of the stages shows in Prefect.
logging.getLogger("vq").setLevel(logging.INFO)


def may_pass(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether another try could help: what is wrong with files or params stays wrong."""
    return isinstance(state.data, BusyError) or not isinstance(state.data, VqError)


step = partial(
    task, retries=2, retry_delay_seconds=20, retry_condition_fn=may_pass, cache_policy=NO_CACHE
)


@step(task_run_name="{stage}")
def bring_up_to_date(workspace: Path, stage: str) -> bool:
    """Run one stage in this process and record it in dvc.lock, unless nothing has changed."""
    return update(workspace, stage)


@step
def release(workspace: Path) -> registry.Release:
    """Register the student, compare it with the champion, and show what came of it."""
    candidate = find_candidate(workspace)
    released = registry.release(
        candidate, root=workspace, settings=params.load(candidate.params).release
    )
    create_markdown_artifact(notes.markdown(released, candidate.verdict), key="verdict")
    return released


@flow
def train(workspace: Path = Path()) -> str:
    """Bring every stage up to date, in order, then release the student.

    Args:
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        Name, version and alias of the student.
    """
    with hold(workspace):
        for stage in stages(workspace):
            bring_up_to_date(workspace, stage)
        released = release(workspace)
    return f"{released.model} {released.version} {released.alias}"


def find_candidate(workspace: Path) -> registry.Candidate:
    """The student that `judge` has judged, with the files it comes from."""
    files = files_of(workspace, "evaluate") | files_of(workspace, "judge")
    commit, dirty = commit_of(workspace)
    return registry.Candidate(
        student=files["student"],
        verdict=files["verdict"],
        test=files["test"],
        videos=Videos(
            accepted=files["accepted"],
            splits=files["splits"],
            index=files["features"],
            folder=files["videos"],
        ),
        params=workspace / "params.yaml",
        lock=workspace / "dvc.lock",
        commit=commit,
        dirty=dirty,
    )
