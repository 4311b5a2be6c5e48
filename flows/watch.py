"""Compare recent videos with the training data; an event says when they are no longer alike.

`prefect deployment run watch/watch`; the deployment of `train` starts at the event `vq.drift`.
"""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from prefect.events import emit_event

from flows.shared import HOUR, operation, step
from vq.drift import flow_summary
from vq.drift.compare import Comparison
from vq.drift.report import DriftReport, drift_report


@step
def look(scores: Sequence[str], workspace: Path) -> DriftReport:
    """Compare each column, and show what came of it."""
    report = drift_report(scores, root=workspace)
    create_markdown_artifact(flow_summary.markdown(report), key="drift")
    return report


def tell_drift(drifted: Sequence[Comparison]) -> None:
    """Emit one event `vq.drift` if anything drifted; its payload has a sentence by column."""
    if drifted:
        emit_event(
            "vq.drift",
            resource={"prefect.resource.id": "vq.videos"},
            payload={one.column: one.sentence for one in drifted},
        )


@operation(timeout_seconds=24 * HOUR)
def watch(scores: list[str], workspace: Path = Path()) -> str:
    """Compare recent videos with the training data, and emit `vq.drift` if they differ.

    Args:
        scores: files that the score flow wrote, as seen from the workspace, or URLs.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        One sentence: what drifted.
    """
    with chdir(workspace):
        report = look(scores, Path())
    tell_drift(report.drifted)
    return flow_summary.headline(report)
