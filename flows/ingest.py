"""Take new labelled videos into the data set, and record its next version.

Before anything learns from them, the champion scores them: the event `vq.accuracy` says that it no
longer scores as people do.

`prefect deployment run ingest/ingest --param folder=inbox/videos --param labels=inbox/labels.csv`
"""

from contextlib import chdir
from pathlib import Path
from uuid import UUID

from prefect import runtime
from prefect.artifacts import create_markdown_artifact

from flows.events import emit
from flows.shared import HOUR, operation, step
from vq.accuracy.delivery import Measurement
from vq.accuracy.flow_summary import announcement
from vq.ingest import flow_summary, share
from vq.ingest.ingest import Intake
from vq.ingest.ingest import ingest as ingest_videos


@step
def take_in(folder: Path, labels: Path, *, commit: bool, partial: bool) -> Intake:
    """Check the new videos, take in what passes, and show what came of it.

    Raises:
        DataError: too much was refused.
    """
    intake = ingest_videos(folder, labels, root=Path(), commit=commit, partial=partial)
    create_markdown_artifact(flow_summary.markdown(intake), key="intake")
    flow_summary.check(intake)
    return intake


def tell_drop(accuracy: Measurement | None) -> None:
    """Emit `vq.accuracy` if the champion's accuracy surely dropped; once for a delivery."""
    if accuracy is not None and accuracy.record is not None and accuracy.drops:
        payload = announcement(accuracy.record, accuracy.drops)
        run = UUID(runtime.flow_run.id)
        emit("vq.accuracy", "vq.videos", payload, occasion=accuracy.record.id, flow_run=run)


@step
def push(branch: str) -> None:
    """Bring the new version of the data to others."""
    share.push(Path(), branch)


@operation(timeout_seconds=24 * HOUR)
def ingest(
    folder: Path,
    labels: Path,
    commit: bool = False,
    partial: bool = False,
    branch: str = "",
    workspace: Path = Path(),
) -> str:
    """Check new videos as the pipeline would, and add those that pass to the data set.

    Args:
        folder: the new videos, as seen from the workspace; they stay there.
        labels: their label file: CSV with a column `video`, paths as seen from the folder.
        commit: put the new version into git.
        partial: take what passes, even if more than validate.max_rejected of it does not.
        branch: commit the new version, and push it to this branch of origin, and its files to dvc's
            default remote; empty: leave that to people.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        How many videos came in, and how many were refused.
    """
    with chdir(workspace):
        intake = take_in(folder, labels, commit=commit or bool(branch), partial=partial)
        tell_drop(intake.accuracy)
        if branch:
            push(branch)
    return flow_summary.headline(intake)
