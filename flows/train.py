"""Train a student on what is new, and release it if it may be released.

`prefect deploy --all`, once; then `prefect deployment run train/train --watch`. Each phase is a
deployment, too: `prefect deployment run train/prune-zoo --watch`.
"""

from functools import partial
from pathlib import Path
from uuid import UUID

from prefect import runtime
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, State

from flows.events import emit
from flows.shared import HOUR, operation, step
from flows.spread import fill
from vq import params
from vq.errors import DataError, ParamsError
from vq.pipeline import git, remote
from vq.pipeline.run_stages import (
    commit,
    files_of,
    source_of,
    stages,
    stale,
    update,
    written_for_git,
)
from vq.pipeline.workspace_lock import hold
from vq.registry import flow_summary, release_event
from vq.registry import release as releases
from vq.registry.candidate import Candidate, Videos
from vq.registry.flow_summary import Release
from vq.review import params_diff
from vq.stages.phases import Phase, phase_of

MOST_KNOBS = 3
"""That the name of a run has."""


@step(task_run_name="{stage}")
def bring_up_to_date(workspace: Path, stage: str) -> State[None]:
    """Run one stage in this process and record it in dvc.lock; skipped if nothing has changed.

    Its parts are done first, where there are some and `run.runner` of params says by whom.
    """
    ran = update(workspace, stage, before=partial(fill, workspace, stage))
    return Completed() if ran else Completed(name="Skipped", message="nothing has changed")


@step(task_run_name="{stage}")
def skip(workspace: Path, stage: str, *, before: Phase | None) -> State[None]:
    """Leave a stage that is not asked for; one `before` what is asked for must be up to date.

    Raises:
        DataError: it is not.
    """
    if before and (reasons := stale(workspace, stage)):
        raise DataError(
            f"{stage} is not up to date ({reasons[0]}), and only {before} was asked for, which "
            f"needs it; run with until={before.value!r} instead"
        )
    return Completed(name="Skipped", message="not asked for")


@step
def pull(workspace: Path) -> int:
    """Bring what dvc.lock knows and this machine lacks, if dvc has a default remote."""
    return remote.pull(workspace)


@step
def push(workspace: Path) -> int:
    """Bring to the default remote, if there is one, what it lacks."""
    return remote.push(workspace)


@step(task_run_name="push to git")
def push_to_git(workspace: Path, branch: str) -> None:
    """Commit what the stages have written for git, and push it to a branch of origin.

    Raises:
        DataError: code, params or data differ from the commit, or git does not do it.
    """
    if changed := source_of(workspace).changed:
        raise DataError(
            f"{changed[0]} is not committed, and {branch} would have results of what it does not "
            "have; commit it, then run again"
        )
    commit(workspace, written_for_git(workspace), f"Results of {runtime.flow_run.name}")
    git.push(workspace, branch)


@step(task_run_name="release")
def release_student(workspace: Path) -> Release:
    """Register the student, compare it with the champion, and show what came of it."""
    candidate = find_candidate(workspace)
    config = params.load(candidate.params)
    released = releases.release(
        candidate,
        root=workspace,
        settings=config.release,
        seed=config.seed,
        announce=announce,
    )
    create_markdown_artifact(flow_summary.markdown(released), key="verdict")
    return released


def announce(released: Release) -> None:
    """Emit `vq.released` or `vq.rejected`."""
    emit(
        "vq.released" if released.verdict.accepted else "vq.rejected",
        "vq.student",
        release_event.payload(released),
        occasion=UUID(released.run_id),
        flow_run=UUID(runtime.flow_run.id),
    )


def name_of_run() -> str:
    """The commit, and the knobs of params.yaml that are turned and not committed."""
    workspace = Path(runtime.flow_run.parameters["workspace"])
    try:
        commit, _ = git.describe(workspace, git.resolve(workspace, "HEAD"))
        old = {"params.yaml": git.content(workspace, "HEAD", "params.yaml")}
        new = {"params.yaml": (workspace / "params.yaml").read_text(encoding="utf-8")}
        knobs = [f"{knob.key}={knob.new}" for knob in params_diff.turned(old, new)]
    except (DataError, OSError):  # the run itself says what is wrong
        return runtime.flow_run.flow_name
    more = [f"and {len(knobs) - MOST_KNOBS} more"] if len(knobs) > MOST_KNOBS else []
    return " ".join([commit, *knobs[:MOST_KNOBS], *more])


@operation(timeout_seconds=72 * HOUR, flow_run_name=name_of_run)
def train(
    workspace: Path = Path(),
    only: Phase | None = None,
    until: Phase | None = None,
    release: bool = True,
    branch: str = "",
) -> str:
    """Bring every stage up to date, in order, then release the student.

    Args:
        workspace: its folder, seen from the folder that the deployment runs in.
        only: run the stages of this phase; those before it must be up to date.
        until: run all stages up to the end of this phase.
        release: register the student, if evaluation gates are run; compare it with the champion.
        branch: commit dvc.lock and reports, and push that to this branch of origin; empty: leave
            it to people.

    Returns:
        Name, version and alias of the student; empty without a release.
    """
    if only and until:
        raise ParamsError("only and until exclude each other; give one of them")
    phases = list(Phase)
    first = phases.index(only) if only else 0
    last = phases.index(only or until or phases[-1])
    with hold(workspace):
        pull(workspace)
        for stage in stages(workspace):
            place = phases.index(phase_of(stage))
            if first <= place <= last:
                bring_up_to_date(workspace, stage)
            else:
                skip(workspace, stage, before=only if place < first else None)
        push(workspace)  # before the release: what is in the registry, others can have
        if branch:
            push_to_git(workspace, branch)
        if not release or phases[last] is not Phase.GATES:
            return ""
        released = release_student(workspace)
    return f"{released.model} {released.version} {released.alias}"


def find_candidate(workspace: Path) -> Candidate:
    """The student that `judge` has judged, with the files it comes from."""
    files = {
        name: path
        for stage in ("evaluate", "report", "judge")
        for name, path in files_of(workspace, stage).items()
    }
    return Candidate(
        student=files["student"],
        verdict=files["verdict"],
        test=files["test"],
        report=files["report"],
        model_card=files["model_card"],
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
