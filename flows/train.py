"""Train a student on what is new, and release it if it may be released.

`prefect deploy --all`, once; then `prefect deployment run train/train --watch`.
"""

from functools import partial
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from flows.shared import HOUR, operation, step
from flows.spread import fill
from vq import params
from vq.pipeline import remote
from vq.pipeline.lock import hold
from vq.pipeline.run_stages import files_of, source_of, stages, update
from vq.registry import flow_summary
from vq.registry import release as releases
from vq.registry.candidate import Candidate, Videos
from vq.registry.flow_summary import Release


@step(task_run_name="{stage}")
def bring_up_to_date(workspace: Path, stage: str) -> bool:
    """Run one stage in this process and record it in dvc.lock, unless nothing has changed.

    Its parts are done first, where there are some and `run.runner` of params says by whom.
    """
    return update(workspace, stage, before=partial(fill, workspace, stage))


@step
def pull(workspace: Path) -> int:
    """Bring what dvc.lock knows and this machine lacks, if dvc has a default remote."""
    return remote.pull(workspace)


@step
def push(workspace: Path) -> int:
    """Bring to the default remote, if there is one, what it lacks."""
    return remote.push(workspace)


@step
def release(workspace: Path) -> Release:
    """Register the student, compare it with the champion, and show what came of it."""
    candidate = find_candidate(workspace)
    config = params.load(candidate.params)
    released = releases.release(
        candidate, root=workspace, settings=config.release, seed=config.seed
    )
    create_markdown_artifact(flow_summary.markdown(released), key="verdict")
    return released


@operation(timeout_seconds=72 * HOUR)
def train(workspace: Path = Path()) -> str:
    """Bring every stage up to date, in order, then release the student.

    Args:
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        Name, version and alias of the student.
    """
    with hold(workspace):
        pull(workspace)
        for stage in stages(workspace):
            bring_up_to_date(workspace, stage)
        push(workspace)  # before the release: what is in the registry, others can have
        released = release(workspace)
    return f"{released.model} {released.version} {released.alias}"


def find_candidate(workspace: Path) -> Candidate:
    """The student that `judge` has judged, with the files it comes from."""
    files = files_of(workspace, "evaluate") | files_of(workspace, "judge")
    return Candidate(
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
        source=source_of(workspace),
    )
