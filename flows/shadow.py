"""Let the challenger score what the champion has scored lately, before it takes over.

`prefect deployment run shadow/shadow --param 'scores=["reports/scores.parquet"]'`
"""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from pydantic import NonNegativeInt

from flows.shared import HOUR, operation, step
from vq.shadow import flow_summary
from vq.shadow.report import ShadowReport
from vq.shadow.report import shadow as shadow_report
from vq.workers.process_pool import cores


@step
def compare(
    scores: Sequence[str], *, challenger: str, champion: str, jobs: int, workspace: Path
) -> ShadowReport:
    """Score with the challenger, and show how its scores differ."""
    report = shadow_report(
        scores, challenger=challenger, champion=champion, jobs=cores(jobs), root=workspace
    )
    create_markdown_artifact(flow_summary.markdown(report), key="shadow")
    return report


@operation(timeout_seconds=24 * HOUR)
def shadow(
    scores: list[str],
    challenger: str = "models:/vq-student@challenger",
    champion: str = "models:/vq-student@champion",
    jobs: NonNegativeInt = 0,
    workspace: Path = Path(),
) -> str:
    """Compare the challenger with the champion on recent videos; nothing is promoted.

    Args:
        scores: files that the score flow wrote, as seen from the workspace, or URLs.
        challenger: models:/NAME/VERSION, models:/NAME@ALIAS, or the folder of a student.
        champion: the student that wrote the rows.
        jobs: videos at a time; 0 for one on each core.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        One sentence: how far scores move.
    """
    with chdir(workspace):
        report = compare(
            scores, challenger=challenger, champion=champion, jobs=jobs, workspace=Path()
        )
    return flow_summary.headline(report)
