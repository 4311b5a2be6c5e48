"""Compare recent videos with the training data; an event says when they are no longer alike.

`prefect deployment run watch/watch`; the deployment of `train` starts at the event `vq.drift`.
"""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from uuid import UUID

from prefect import runtime
from prefect.artifacts import create_markdown_artifact

from flows.events import emit
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
        sentences = {one.column: one.sentence for one in drifted}
        payload = {"message": " ".join(sentences.values()), **sentences}
        run = UUID(runtime.flow_run.id)
        emit("vq.drift", "vq.videos", payload, occasion=run, flow_run=run)


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
