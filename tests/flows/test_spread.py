"""Parts of a stage, and of a list to score, on a Ray cluster: a real one, of this machine."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.score import score
from tests.flows.server import Prefect
from tests.same_features import assert_same_features
from tests.scoring.toy import random_network, write_bundle, write_video
from tests.workspace import ROOT, change, copy_workspace
from vq.pipeline.workspace_lock import hold
from vq.scoring.formats import read

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    """The first flow starts a cluster, the others find it."""
    pytest.importorskip("prefect_ray", reason="vq[ray] is not installed")
    import ray

    yield
    ray.shutdown()


def test_ray_fills_the_cache(tiny_workspace: Path, prefect: Prefect, tmp_path: Path) -> None:
    """With the features that one process finds, bit for bit."""
    from flows.spread import fill

    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"run": {"runner": "ray"}})
    shutil.rmtree(root / "artifacts" / "cache")

    with prefect.here(), hold(root):
        fill(root, "extract")

    assert_same_features(root, tiny_workspace)


def test_ray_scores_a_list(prefect: Prefect, tmp_path: Path) -> None:
    """With the rows of one process, but for the time they took."""
    write_bundle(tmp_path / "student", *random_network(7))
    for number in range(5):
        write_video(tmp_path / "uploads" / f"{number}.mkv", level=lambda n, k=number: 20 * k + n)
    (tmp_path / "uploads" / "broken.mkv").write_bytes(b"no video")
    shutil.copy(ROOT / "params.yaml", tmp_path)

    with prefect.here():
        for runner in ("stage", "ray"):
            change(tmp_path / "params.yaml", {"run": {"runner": runner}})
            said = score(
                ["uploads"], f"{runner}.parquet", model="student", jobs=1, workspace=tmp_path
            )
            assert said == f"{runner}.parquet: 6 rows, 5 with a score"

    one, many = (
        [replace(row, seconds=0.0) for row in read(tmp_path / f"{runner}.parquet", "parquet")]
        for runner in ("stage", "ray")
    )
    assert one == many
    (run,) = prefect.ask("flow_runs", flow_runs={"name": {"any_": ["shards"]}})
    assert run["state_type"] == "COMPLETED"
