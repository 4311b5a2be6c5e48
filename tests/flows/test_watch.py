"""The watch flow, with a Prefect server."""

import time
from pathlib import Path
from typing import Any

import pytest

from flows.watch import watch
from tests.drift.conftest import Rows
from tests.flows.server import Prefect


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_drift_is_an_event_with_what_changed(prefect: Prefect, trained: Path, score: Rows) -> None:
    """No drift is none; a person finds both on a page."""
    with prefect.here():
        alike = watch([score("alike.jsonl", around=3.0)], workspace=trained)
        differ = watch([score("differ.jsonl", around=2.0)], workspace=trained)

    assert alike == "100 recent videos: like those of the training"
    assert prefect.artifact("drift").startswith(f"## {differ}\n")
    (event,) = _events_of_the_flow(prefect)
    assert list(event["payload"]) == ["message", "score"]


def _events_of_the_flow(prefect: Prefect) -> list[dict[str, Any]]:
    """Events of drift that runs of `watch` sent: other tests send some to the same server."""
    runs = prefect.ask("flow_runs", flows={"name": {"any_": ["watch"]}})
    resources = {f"prefect.flow-run.{run['id']}" for run in runs}
    # The server writes events down a little later than they come.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        events = [
            event
            for event in prefect.events("vq.drift")
            if event["related"][0]["prefect.resource.id"] in resources
        ]
        if events:
            return events
        time.sleep(0.5)
    return []
