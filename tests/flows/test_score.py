"""The score flow, with a Prefect server."""

from pathlib import Path

import pytest

from flows.score import score
from tests.flows.server import Prefect
from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import DataError
from vq.scoring.formats import read


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_folder_becomes_rows_and_an_artifact(prefect: Prefect, tmp_path: Path) -> None:
    """Paths are those of the workspace, that of a policy, too; the artifact counts decisions."""
    write_bundle(tmp_path / "student", *BRIGHTNESS)
    write_video(tmp_path / "uploads" / "a.mkv")
    (tmp_path / "uploads" / "b.mkv").write_bytes(b"no video")
    (tmp_path / "policy.yaml").write_text("rules: [{decision: fail, when: {score: {below: 2}}}]")

    with prefect.here():
        said = score(
            ["uploads"],
            "rows.parquet",
            model="student",
            policy="policy.yaml",
            jobs=1,
            cost_per_core_hour=0.04,
            workspace=tmp_path,
        )

    assert said == "rows.parquet: 2 rows, 1 with a score"
    assert [row.status for row in read(tmp_path / "rows.parquet", "parquet")] == [
        "ok",
        "unreadable",
    ]
    artifact = prefect.artifact("scores")
    assert artifact.startswith("## rows.parquet: 1 of 2 videos have a score")
    assert "at 0.04 a core-hour" in artifact
    assert "| review | 1 | 50.0% |" in artifact


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_run_that_fails_says_where_why_and_what_now(prefect: Prefect, tmp_path: Path) -> None:
    """Whoever opens the page `failure` need not read a traceback."""
    with prefect.here(), pytest.raises(DataError):
        score(["uploads"], "rows.txt", model="student", workspace=tmp_path)

    said = prefect.artifact("failure")
    assert said.startswith("## score failed in score_all")
    assert "rows.txt: should end in .parquet" in said
    assert "run again" in said
