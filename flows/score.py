"""Score a folder, a list or an object store with the champion; resumes where it stopped.

`prefect deployment run score/score --param inputs='["s3://bucket/uploads"]'
--param output=s3://bucket/scores/uploads.parquet`
"""

from contextlib import chdir
from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from pydantic import NonNegativeFloat, NonNegativeInt

from flows.shared import HOUR, operation, step
from flows.spread import scorers
from vq.inference.modes import Mode, ModeRequest
from vq.policy import read
from vq.scoring import batch, flow_summary
from vq.words import count
from vq.workers.process_pool import cores


@step
def score_all(
    inputs: list[str],
    output: str,
    *,
    model: str,
    mode: Mode,
    feature: bool,
    policy: str | None,
    causes: bool,
    jobs: int,
    cost_per_core_hour: float | None,
    workspace: Path,
) -> batch.Batch:
    """Score what has no score yet, where `run` of params says, and show what came of it."""
    scored = batch.score(
        inputs,
        output,
        model=model,
        closely=ModeRequest(mode),
        feature=feature,
        policy=None if policy is None else read.load(Path(policy)),
        causes=causes,
        jobs=cores(jobs),
        scratch=workspace / ".dvc" / "tmp" / "score",
        elsewhere=scorers(workspace),
    )
    text = flow_summary.markdown(scored, cost_per_core_hour=cost_per_core_hour)
    create_markdown_artifact(text, key="scores")
    return scored


@operation(timeout_seconds=72 * HOUR)
def score(
    inputs: list[str],
    output: str,
    model: str = "models:/vq-student@champion",
    mode: Mode = "exact",
    feature: bool = False,
    policy: str | None = None,
    causes: bool = False,
    jobs: NonNegativeInt = 0,
    cost_per_core_hour: NonNegativeFloat | None = None,
    workspace: Path = Path(),
) -> str:
    """Write a row for every video; those that have a score already are left as they are.

    Args:
        inputs: folders, patterns, videos, or lists of them (.csv with a column `video`, .txt with a
            path a line); paths as seen from the workspace, or URLs such as s3://bucket/folder.
        output: file for the rows, ending in .parquet (or .csv, .jsonl, .json); a path or a URL.
        model: models:/NAME@ALIAS, the folder of a student, or `shipped`.
        mode: how closely to look; `fast` decodes least, `thorough` sees most.
        feature: add the second feature to each row, by which `vq ask` chooses what to rate next.
        policy: file of rules that decide on each video (docs/policy.md), seen from the workspace;
            the artifact counts what they say.
        causes: say what is wrong with each video, and how likely that is.
        jobs: videos at a time; 0 for one on each core. With run.runner: ray, params say it.
        cost_per_core_hour: price of a core for an hour; the artifact then has that of 1,000 videos.
        workspace: its folder, seen from the folder that the deployment runs in.

    Returns:
        How many rows the output has, and how many of them have a score.
    """
    with chdir(workspace):
        scored = score_all(
            inputs,
            output,
            model=model,
            mode=mode,
            feature=feature,
            policy=policy,
            causes=causes,
            jobs=jobs,
            cost_per_core_hour=cost_per_core_hour,
            workspace=Path(),
        )
    return (
        f"{output}: {count(sum(scored.counts.values()), 'row')}, {scored.counts['ok']} with a score"
    )
