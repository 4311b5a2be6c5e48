"""The watch flow, with a Prefect server."""

import time
from pathlib import Path

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
    (event,) = _events(prefect, "vq.drift")
    assert list(event["payload"]) == ["message", "score"]


def _events(prefect: Prefect, name: str) -> list[dict[str, object]]:
    # The server writes events down a little later than they come.
    deadline = time.monotonic() + 30
    while not (found := prefect.events(name)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found
