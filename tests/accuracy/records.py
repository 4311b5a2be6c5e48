"""Records of an accuracy, written by hand."""

from typing import Any

from vq.accuracy.record import Record
from vq.metrics.interval import Interval

MEASURES = {
    "srcc": Interval(0.5, 0.4, 0.59),
    "rmse": Interval(0.75, 0.5, 1.0),
    "mean_error": Interval(-0.25, -0.5, 0.0),
    "calibration": Interval(0.25, 0.125, 0.5),
    "coverage": Interval(0.7, 0.6, 0.79),
}


def make_record(**changes: Any) -> Record:  # noqa: ANN401 - whatever a record may say
    """A record of 40 videos by champion 3; some of it may be other."""
    values: dict[str, Any] = {
        "delivery": "d" * 64,
        "when": "2026-11-30T14:05:00+00:00",
        "model": "student-eed120606c6f",
        "version": "3",
        "opinion": "human",
        "videos": 40,
        "contents": 38,
        "failed": 1,
        "learnt": 2,
        "promised": 0.9,
        "measures": MEASURES,
    }
    return Record(**{**values, **changes})
