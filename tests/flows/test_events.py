"""Events and their automations, with a Prefect server and a webhook of our own."""

import re
import time
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from prefect import runtime

from flows.events import emit
from flows.ingest import tell_drop
from flows.shared import operation
from flows.train import announce
from flows.watch import tell_drift
from tests.accuracy.records import make_record
from tests.flows.server import Prefect
from tests.flows.sink import AUTOMATIONS, automated
from tests.registry.students import BAD, GOOD, SETTINGS, maker
from vq.accuracy.delivery import Measurement
from vq.drift.compare import Comparison
from vq.errors import DataError
from vq.registry import release as releases


@pytest.mark.parametrize("file", ["webhook.yaml", "message.yaml"])
def test_each_event_has_an_automation(file: str) -> None:
    """Of the name of its event."""
    automations = yaml.safe_load((AUTOMATIONS / file).read_text())["automations"]
    triggers = {one["name"]: one["trigger"]["expect"] for one in automations}

    assert triggers.pop("vq promotion waits") == ["prefect.flow-run.Suspended"]
    assert set(triggers) == {"vq.released", "vq.rejected", "vq.failed", "vq.drift", "vq.accuracy"}
    assert all(events == [name] for name, events in triggers.items())


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_what_somebody_should_know_arrives_once(
    prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence for people; nothing if nothing is new, or if an event comes twice."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    make = maker(tmp_path)
    moved = Comparison("score", 40, 100, 0.4, 0.001, 0.002, True, "Scores are lower: 2.0, not 3.0.")

    @operation
    def release(name: str) -> str:
        candidate = make({"a": GOOD, "b": BAD}[name], name=name)
        return releases.release(
            candidate, root=tmp_path, settings=SETTINGS, seed=7, announce=announce
        ).run_id

    @operation
    def announce_again(run_id: str) -> None:
        """As after a kill that came before the announcement was written down."""
        flow_run = UUID(runtime.flow_run.id)
        emit("vq.released", "vq.student", {}, occasion=UUID(run_id), flow_run=flow_run)

    @operation
    def drift() -> None:
        tell_drift([moved])

    @operation
    def lose_accuracy() -> None:
        """Twice: as after a kill, when the delivery comes again."""
        for _ in range(2):
            tell_drop(Measurement(make_record(), drops={"srcc": "SRCC is 0.1."}))

    @operation
    def fail() -> None:
        raise DataError("card.yaml: no such scale")

    with automated(prefect, tmp_path) as webhook, prefect.here():
        first = release("a")
        release("a")
        announce_again(first)
        release("b")
        drift()
        lose_accuracy()
        fail(return_state=True)

        messages = {call["event"]: call["payload"]["message"] for call in webhook.wait_for(5)}
        time.sleep(2)
    assert len(webhook.calls) == len(messages) == 5
    assert messages["vq.released"].startswith("vq-student 1 is champion. Every gate opened")
    assert messages["vq.rejected"].startswith("vq-student 2 is challenger. SRCC -1.000, champion 1")
    assert messages["vq.drift"] == moved.sentence
    assert messages["vq.accuracy"].endswith("as people do, on 40 new videos: SRCC is 0.1.")
    assert re.match("fail failed .*: .*no such scale\nMend what", messages["vq.failed"])
