"""Parts of a stage on a Ray cluster: a real one, of this machine."""

import shutil
from pathlib import Path

import pytest

from tests.features import assert_same_features
from tests.flows.server import Prefect
from tests.workspace import change, copy_workspace
from vq.lock import hold

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]


def test_ray_fills_the_cache(tiny_workspace: Path, prefect: Prefect, tmp_path: Path) -> None:
    """With the features that one process finds, bit for bit."""
    pytest.importorskip("prefect_ray", reason="vq[ray] is not installed")
    import ray

    from flows.spread import fill

    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"run": {"runner": "ray"}})
    shutil.rmtree(root / "artifacts" / "cache")

    with prefect.here(), hold(root):
        try:
            fill(root, "extract")
        finally:
            ray.shutdown()

    assert_same_features(root, tiny_workspace)
