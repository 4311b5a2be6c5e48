"""A person moves the champion: the flows, on a real server and a real registry."""

import re
import shutil
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from tests.flows.server import Prefect
from tests.registry.students import GOOD, maker, release
from tests.workspace import ROOT
from vq.errors import DataError
from vq.registry import client

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]

PATIENCE_SECONDS = 120


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of one model; the second is champion."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    for name in ("a", "b"):
        release(maker(tmp_path)(GOOD, name=name), tmp_path)
    return tmp_path


def test_a_person_goes_back_and_forth(workspace: Path, prefect: Prefect) -> None:
    """Back at once; forth when somebody has resumed the run, and not before."""
    from flows.promote import promote, rollback

    with prefect.here(), ThreadPoolExecutor(1) as pool:
        assert rollback("complaints", workspace) == (
            "vq-student 1 is champion again, in place of 2."
        )
        # In the context of this thread, which knows the server.
        run = copy_context().run
        waiting = pool.submit(run, promote, "2", "looked at both", False, workspace)
        flow_run = paused(prefect)
        try:
            assert champion(workspace) == 1
            told = prefect.ask("artifacts", artifacts={"key": {"any_": ["promotion"]}})[0]["data"]
            assert "Should vq-student 2 be champion?" in told
            assert "looked at both" in told
            assert re.search(r"^\| 1 \| champion \|", told, re.MULTILINE)
        finally:  # else the pool would wait for the run, and the run for a person, for a day
            resume(prefect, flow_run["id"], waiting)

        assert waiting.result(PATIENCE_SECONDS) == (
            "vq-student 2 is champion now; version 1 was before it."
        )
        assert promote("2", "again", False, workspace) == "vq-student 2 is champion already."
    assert champion(workspace) == 2


def test_nobody_is_asked_about_what_cannot_be(workspace: Path, prefect: Prefect) -> None:
    """The run fails at once instead of waiting for a day."""
    from flows.promote import promote

    with prefect.here(), pytest.raises(DataError, match="no version '7'"):
        promote("7", "a slip", False, workspace)


@pytest.mark.parametrize("version", [1, "1"], ids=["command-line", "form"])
def test_a_version_is_a_number_or_a_text(version: int | str) -> None:
    """The command line reads `version=1` as a number, the form as a text."""
    from flows.promote import promote

    assert promote.validate_parameters({"version": version})["version"] == version


def test_the_documented_commands_work(workspace: Path, prefect: Prefect) -> None:
    """No reason is needed."""
    for name in ("flows", "prefect.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, workspace / name)
    prefect.deploy(workspace)

    promoted = prefect.run(workspace, "promote/promote", version=1, approve=True)
    assert promoted.state == "COMPLETED", promoted.said
    assert champion(workspace) == 1
    back = prefect.run(workspace, "rollback/rollback")
    assert back.state == "COMPLETED", back.said
    assert champion(workspace) == 2


def champion(workspace: Path) -> int:
    """Version that has the alias."""
    found = client.connect(workspace, "vq-student").at("champion")
    assert found is not None
    return int(found.version)


def paused(prefect: Prefect) -> dict[str, Any]:
    """The run that waits for a person."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := prefect.ask("flow_runs", flow_runs={"state": {"type": {"any_": ["PAUSED"]}}}):
            return found[0]
        time.sleep(0.2)
    pytest.fail("no run waits")


def resume(prefect: Prefect, run: str, waiting: Future[str]) -> None:
    """What the button in the UI does; again where the run pauses again.

    On a busy machine Prefect may repeat its request to pause, and that after it was resumed; or
    answer 503.
    """
    address = f"{prefect.variables['PREFECT_API_URL']}/flow_runs/{run}/resume"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not waiting.done() and time.monotonic() < deadline:
        (state,) = prefect.ask("flow_runs", flow_runs={"id": {"any_": [run]}})
        if state["state_type"] == "PAUSED":
            request = urllib.request.Request(
                address, data=b"{}", headers={"Content-Type": "application/json"}
            )
            with (
                suppress(urllib.error.HTTPError),
                urllib.request.urlopen(request, timeout=30) as answer,
            ):
                assert answer.status < 300
        time.sleep(0.5)
