"""A person moves the alias `champion`: to a version, or back to the champion before.

`prefect deployment run promote/promote --param version=3 --param approve=true`; without `approve`
the run says what is asked for (artifact `promotion`), and is suspended until somebody presses
Resume in the UI and gives a name: no process waits.
"""

import logging
from pathlib import Path

from prefect import runtime
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import RUN_ID
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.shared import HOUR, operation, step
from vq import params
from vq.errors import ParamsError
from vq.registry import champion, flow_summary
from vq.registry.client import CHAMPION, existing

log = logging.getLogger("vq.flows.promote")

PATIENCE_SECONDS = 24 * 3600
REASON = "a person said so"


class Approval(RunInput):
    """What a person says who approves."""

    approved_by: str = Field(title="Your name", description="Kept in the registry.", pattern=r"\S")


# A run that is resumed starts again: what was asked is not asked twice.
@step(cache_policy=RUN_ID, persist_result=True)
def ask(version: int | str, reason: str, workspace: Path) -> str:
    """Say what is asked for, and return the question; empty if there is nothing to decide."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        candidate, current = registry.version(str(version)), registry.at(CHAMPION)
        if current is not None and current.version == candidate.version:
            return ""
        champion.check(registry, candidate)
        create_markdown_artifact(
            flow_summary.proposal(registry, candidate, reason=reason), key="promotion"
        )
        instead = f" in place of {current.version}" if current else ""
        question = (
            f"Should {registry.model} {candidate.version} be champion{instead}? The artifact "
            "`promotion` has both. Resume this run to say yes, cancel it to say no."
        )
        log.info("%s", question)
    return question


@step
def move(version: int | str, reason: str, approved_by: str, workspace: Path) -> str:
    """Make a version champion."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        return champion.promote(registry, str(version), reason=reason, approved_by=approved_by)


@step
def move_back(reason: str, workspace: Path) -> str:
    """Make the champion before the present one champion again."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        return champion.rollback(registry, reason=reason)


@operation(timeout_seconds=HOUR)
def promote(
    version: int | str,
    reason: str = REASON,
    approve: bool = False,
    workspace: Path = Path(),
) -> str:
    """Make a version champion that did not become it by itself.

    Args:
        version: its number, or `challenger`. Its gates must all be open, and its code committed.
        reason: kept in the registry with the move.
        approve: do it at once; else the run is suspended, for a day at most, until somebody resumes
            it and gives a name, which the registry keeps, too.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        What was done.
    """
    question = "" if approve else ask(version, reason, workspace)
    return move(version, reason, wait_for_approval(question) if question else "", workspace)


def wait_for_approval(question: str) -> str:
    """End this process until a person answers; then a new one comes here again.

    Returns:
        The name that the person gave.

    Raises:
        ParamsError: the run has no deployment, so that no worker could resume it.
    """
    if runtime.deployment.id is None:
        raise ParamsError(
            "only a run of the deployment can wait for a person: prefect deployment run "
            "promote/promote; or give approve=True"
        )
    form = Approval.with_initial_data(description=question)
    return suspend_flow_run(wait_for_input=form, timeout=PATIENCE_SECONDS).approved_by


@operation(timeout_seconds=HOUR)
def rollback(reason: str = REASON, workspace: Path = Path()) -> str:
    """Make the champion before the present one champion again; twice goes back two.

    Args:
        reason: kept in the registry with the move.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        What was done.
    """
    return move_back(reason, workspace)
