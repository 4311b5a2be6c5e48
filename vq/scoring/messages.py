"""The messages of a worker about its model and about videos, parsed by its parent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vq.inference.row import Row, from_mapping
from vq.scoring.formats import About
from vq.workers.protocol import Message
from vq.workers.supervised_process import Failure, Outcome


@dataclass(frozen=True)
class Greeting:
    """What a worker says of its model once it is loaded."""

    model: str
    scale: str
    levels: int
    opinion: str
    modes: list[str]
    """Beside `exact`."""
    values: list[float]
    """What each quality level is worth, worst first."""
    least: float
    """Ends of the scale."""
    most: float
    better: str
    """Which direction is better: higher or lower."""
    coverage: float | None
    """Share of ratings that the interval of an exact score is to hold; None without interval."""

    @property
    def about(self) -> About:
        """What the forms of rows have to know."""
        return About(levels=self.levels, scale=self.scale)


@dataclass(frozen=True)
class Extras:
    """What an answer should hold beside the row."""

    timeline: bool = False
    plan: bool = False


@dataclass(frozen=True)
class Answer:
    """What scoring one video gave."""

    row: Row
    timeline: dict[str, Any] | None = None
    """As `vq.scoring.timeline.Timeline.as_mapping`; None if none was asked for or can be had."""
    plan: dict[str, Any] | None = None
    """The fields of `vq.scoring.decode_plan.Decoding`; None if it was not asked for, or has no
    score."""
    lost: str = ""
    """Why what was asked for beside the row of a score is not there; empty if it is."""


Part = Row | Mapping[str, Any]
"""Of an answer: the row comes first."""


def read(video: str | Row, message: Message) -> Part:
    """Parse a part of the answer for a video.

    Raises:
        Exception: the message has another form.
    """
    if "row" in message.fields:
        return from_mapping({**message.fields["row"], "video": video})
    return message.fields


def put_together(video: str, outcome: Outcome[Part]) -> Answer:
    """The answer for a video, whatever became of its worker."""
    end, (row, *rest) = outcome.end, outcome.parts or (None,)
    if not isinstance(row, Row):
        end = end or Failure("crashed", "its process said nothing of it")
        return Answer(Row(video, end.status, end.reason, seconds=outcome.seconds))
    extras: dict[str, Any] = {}
    for part in rest:
        extras.update(part if isinstance(part, Mapping) else {})
    # A score that is there already is not lost by what was asked for beside it.
    return Answer(row, extras.get("timeline"), extras.get("plan"), end.reason if end else "")
