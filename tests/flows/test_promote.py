"""A person moves the champion: the flows, on a real server and a real registry."""

import json
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import pytest

from flows.promote import promote, rollback
from tests.flows.server import Prefect, Run
from tests.registry.students import GOOD, maker, release
from tests.workspace import ROOT
from vq.errors import DataError, ParamsError
from vq.registry import client
from vq.registry.champion import history

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]

PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two versions of one model; the second is champion."""
    root = tmp_path_factory.mktemp("workspace")
    shutil.copy(ROOT / "params.yaml", root)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name in ("a", "b"):
            release(maker(root)(GOOD, name=name), root)
        yield root


def test_nobody_is_asked_about_what_cannot_be(workspace: Path, prefect: Prefect) -> None:
    """The run fails at once instead of waiting for a day."""
    with prefect.here():
        with pytest.raises(DataError, match="no version '7'"):
            promote("7", "a slip", False, workspace)
        with pytest.raises(ParamsError, match="only a run of the deployment can wait"):
            promote("1", "looked at both", False, workspace)
        assert promote("2", "again", False, workspace) == "vq-student 2 is champion already."


def test_the_documented_commands_take_a_person_back_and_forth(
    workspace: Path, prefect: Prefect
) -> None:
    """Back at once, without a reason; forth when somebody has said who approves, and not before."""
    for name in ("flows", "prefect.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, workspace / name)
    prefect.deploy(workspace, "promote")
    with prefect.here():
        rollback(workspace=workspace)
    assert champion(workspace) == 1

    command = ("prefect", "deployment", "run", "promote/promote", "--param=version=2")
    said = prefect.say(workspace, *command, "--param=reason=looked at both")
    waiting = Run(prefect, re.findall(r"UUID: (\S+)", said)[0], said)
    wait_for(waiting, "PAUSED")
    while processes(waiting):
        time.sleep(0.2)
    told = waiting.artifacts["promotion"]
    assert "Should vq-student 2 be champion?" in told
    assert "looked at both" in told
    assert re.search(r"^\| 1 \| champion \|", told, re.MULTILINE)
    # While it waits, another run need not.
    with prefect.here():
        promote(1, approve=True, workspace=workspace)

    assert resume(waiting, {}) == resume(waiting, {"approved_by": " "}) == "REJECT"
    assert champion(workspace) == 1
    assert resume(waiting, {"approved_by": "Ada"}) == "ACCEPT"
    wait_for(waiting, "COMPLETED")
    assert champion(workspace) == 2
    with client.existing(workspace, "vq-student") as registry:
        *_, last = history(registry)
    assert (last.reason, last.approved_by) == ("looked at both", "Ada")
    promotions = {"key": {"any_": ["promotion"]}, "flow_run_id": {"any_": [waiting.id]}}
    assert len(prefect.ask("artifacts", artifacts=promotions)) == 1


@pytest.mark.parametrize("version", [1, "1"], ids=["command-line", "form"])
def test_a_version_is_a_number_or_a_text(version: int | str) -> None:
    """The command line reads `version=1` as a number, the form as a text."""
    assert promote.validate_parameters({"version": version})["version"] == version


def champion(workspace: Path) -> int:
    """Version that has the alias."""
    found = client.connect(workspace, "vq-student").at("champion")
    assert found is not None
    return int(found.version)


def wait_for(run: Run, state: str) -> None:
    """Until a run is in a state."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run.state != state:
        if time.monotonic() > deadline:
            pytest.fail(f"{run.state}: {run.message}\n{run.logged}", pytrace=False)
        time.sleep(0.2)


def processes(run: Run) -> list[str]:
    """Processes of a run, by their numbers."""
    numbers = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # of another user, or gone
            if run.id.encode() in environ.read_bytes():
                numbers.append(environ.parent.name)
    return numbers


def resume(run: Run, form: dict[str, str]) -> str:
    """What the button in the UI does: whether the server takes the form."""
    request = urllib.request.Request(
        f"{run.prefect.variables['PREFECT_API_URL']}/flow_runs/{run.id}/resume",
        data=json.dumps({"run_input": form}).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return str(json.load(answer)["status"])
        except urllib.error.HTTPError as error:
            # The server is busy (its database is locked), and would like to be asked again.
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
