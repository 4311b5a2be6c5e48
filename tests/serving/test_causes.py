"""A service with causes says and counts them; one without says what it said before."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from tests.serving.test_schemas import GREETING, ROW, TIMELINE
from vq.scoring.scoring_pool import Answer
from vq.serving.metrics import Metrics
from vq.serving.queue import ScoringQueue
from vq.serving.schemas import scored

SPAN = {"cause": "blur", "start": 0.0, "end": 1.0, "probability": 0.9}
CAUSES = {"blur": 0.9, "noise": 0.2}


def test_an_answer_has_causes_and_their_spans() -> None:
    """In the order of the row; without them there is no such field."""
    answer = Answer(replace(ROW, causes=CAUSES), {**TIMELINE, "causes": [SPAN]})

    fields = scored(answer, "clip.mp4").model_dump(exclude_unset=True)

    assert list(fields["causes"].items()) == list(CAUSES.items())
    assert fields["timeline"]["causes"] == [SPAN]
    assert "causes" not in scored(Answer(ROW), "clip.mp4").model_dump(exclude_unset=True)


@pytest.mark.parametrize("change", [{"cause": "<b>"}, {"probability": 2.0}], ids=str)
def test_a_span_that_is_none_is_refused(change: dict[str, object]) -> None:
    """No markup comes out of a worker that was taken over."""
    with pytest.raises(ValidationError):
        scored(Answer(ROW, {**TIMELINE, "causes": [{**SPAN, **change}]}), "clip.mp4")


def test_metrics_count_rows_by_their_first_cause() -> None:
    """Of the vocabulary alone: whatever a worker says makes no new series."""
    queue = ScoringQueue.__new__(ScoringQueue)  # without its workers
    queue.greeting, queue.at_work, queue.inside, queue.places, queue._pools = GREETING, 0, 0, 1, []
    metrics = Metrics(queue)

    for causes in ({}, CAUSES, CAUSES, {"blur": 0.3}, {"made_up": 0.9}):
        metrics.count_cause(causes)

    lines = [line for line in metrics.exposed().decode().splitlines() if "vq_causes_total{" in line]
    assert lines == ['vq_causes_total{cause="blur"} 2.0', 'vq_causes_total{cause="none"} 2.0']
