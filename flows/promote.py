"""A person moves the alias `champion`: to a version, or back to the champion before.

`prefect deployment run promote/promote --param version=3 --param approve=true`; without `approve`
the run says what is asked for (artifact `promotion`), and waits until somebody presses Resume in
the UI.
"""

import logging
from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from prefect.flow_runs import pause_flow_run

from flows.shared import HOUR, operation, step
from vq import params
from vq.registry import champion, flow_summary
from vq.registry.client import CHAMPION, existing

log = logging.getLogger("vq.flows.promote")

PATIENCE_SECONDS = 24 * 3600
REASON = "a person said so"


@step
def ask(version: int | str, reason: str, workspace: Path) -> bool:
    """Say what is asked for; false if there is nothing to decide."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        candidate, current = registry.version(str(version)), registry.at(CHAMPION)
        if current is not None and current.version == candidate.version:
            return False
        champion.check(registry, candidate)
        create_markdown_artifact(
            flow_summary.proposal(registry, candidate, reason=reason), key="promotion"
        )
        instead = f" in place of {current.version}" if current else ""
        log.info(
            "Should %s %s be champion%s? The artifact `promotion` has both. Resume this run to "
            "say yes, cancel it to say no.",
            registry.model,
            candidate.version,
            instead,
        )
    return True


@step
def move(version: int | str, reason: str, workspace: Path) -> str:
    """Make a version champion."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        return champion.promote(registry, str(version), reason=reason)


@step
def move_back(reason: str, workspace: Path) -> str:
    """Make the champion before the present one champion again."""
    with existing(workspace, params.load(workspace / "params.yaml").release.model) as registry:
        return champion.rollback(registry, reason=reason)


@operation(timeout_seconds=25 * HOUR)
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
        approve: do it at once; else the run pauses, for a day at most, until somebody resumes it.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        What was done.
    """
    if not approve and ask(version, reason, workspace):
        pause_flow_run(timeout=PATIENCE_SECONDS)
    return move(version, reason, workspace)


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
