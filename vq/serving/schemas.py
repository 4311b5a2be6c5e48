"""What the service answers, as types: they are the API's schema, and hold workers to it.

A worker opens untrusted files. What it says is checked against these before it is sent.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vq.causes.vocabulary import LIKELY
from vq.inference.modes import MODES, Mode
from vq.inference.row import Status, as_mapping
from vq.scoring.scoring_pool import Answer, Greeting

Finite = Annotated[float, Field(allow_inf_nan=False)]
Chance = Annotated[float, Field(ge=0, le=1)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Span(_Schema):
    """Seconds after each other in which a cause is likely."""

    cause: str = Field(pattern=r"^[a-z_]{1,40}$", description="As in the row.")
    start: Finite = Field(description="From the first frame (s).")
    end: Finite = Field(description="From the first frame (s).")
    probability: Chance = Field(description="The highest of any second.")


class Timeline(_Schema):
    """The score of each second, as if it had been cut out as a video of its own.

    Compare points with each other: their mean is not the score of the video.
    """

    starts: list[Finite] = Field(description="When each second begins, from the first frame (s).")
    scores: list[Finite] = Field(description="Score of each second, on the scale of the model.")
    end: Finite = Field(description="When the last frame is shown (s).")
    worst: int = Field(ge=0, description="Place of the second with the worst score.")
    thumbnail: str = Field(
        pattern=r"^data:image/jpeg;base64,[A-Za-z0-9+/]*={0,2}$",
        description="A frame from the middle of the worst second, as a data URI.",
    )
    scale: tuple[Finite, Finite] = Field(description="Least and greatest score there can be.")
    better: Literal["higher", "lower"] = Field(description="Which direction is better.")
    causes: list[Span] | None = Field(
        default=None, description="When each cause is seen; only of a service with causes."
    )


class Strip(_Schema):
    """Packets on an axis of time, from the first frame to the end, in columns of one width."""

    packets: list[int] = Field(description="Packets in each column.")
    decoded: list[int] = Field(description="Of those, how many the decoder gets.")
    starts: list[int] = Field(description="Of those, at how many decoding can begin.")


class Plan(_Schema):
    """What of the file is decoded for the score (not for the timeline), told from its packets."""

    codec: str = Field(max_length=80, description="Name of the decoder, such as h264.")
    width: int = Field(description="Of a frame, in pixels, before it is turned upright.")
    height: int = Field(description="Of a frame, in pixels, likewise.")
    duration_s: Finite = Field(description="When the last frame ends, from the first frame (s).")
    frames: int = Field(description="Frames of the video, counted by its packets.")
    looked_at: int = Field(description="Frames that the model sees something of.")
    packets: int = Field(description="Packets of the video stream.")
    decoded: int = Field(description="Packets that the decoder gets; else an estimate.")
    groups: int = Field(description="Groups of pictures: places where decoding can begin.")
    runs: int = Field(description="Stretches of packets that are decoded.")
    sequential: str = Field(
        max_length=200,
        description="The rule that has the file decoded from its first frame on; empty if the "
        "plan allows to leave packets out.",
    )
    moments: list[Finite] = Field(description="When the model looks, from the first frame (s).")
    strip: Strip = Field(description="Where in time the decoded packets are.")


class Scored(_Schema):
    """The row of one video: the fields of `vq score --format json`, and what else was asked for.

    A video that has no score has a row too: `status` says why, and the answer is still 200.
    """

    video: str = Field(description="Name of the file, as the client gave it.")
    status: Status = Field(description="`ok` has a score; any other says why there is none.")
    reason: str = Field(description="Why there is no score; empty when there is one.")
    score: Finite | None = Field(description="On the scale that /health declares.")
    low: Finite | None = Field(description="Lower end of the interval, if the model has one.")
    high: Finite | None = Field(description="Upper end of the interval.")
    levels: list[Finite] = Field(description="Probability of each quality level, worst first.")
    frames: int = Field(description="Different frames that were looked at.")
    model: str = Field(description="Name and hash of the model.")
    seconds: Finite = Field(description="From opening the file to the score; no timeline, no wait.")
    mode: Mode | Literal[""] = Field(description="How closely the video was looked at.")
    warning: str = Field(description="What a viewer sees of it that the score does not know.")
    label: str = Field(description="The word for the score: bad, poor, fair, good, excellent.")
    percentile: Finite | None = Field(
        description="Share of the model's reference collection that is worse (%); null without one."
    )
    causes: dict[str, Chance] | None = Field(
        default=None,
        description="What is wrong with it: probability of each cause, the highest first; only of "
        "a service with causes.",
    )
    timeline: Timeline | None = Field(default=None, description="Only if asked for.")
    plan: Plan | None = Field(default=None, description="Only if asked for.")
    lost: str = Field(
        default="", description="Why a timeline or plan that was asked for is missing."
    )


class Health(_Schema):
    """The model at work, and how much room there is."""

    status: Literal["ready"] = Field(description="Otherwise the answer is 503, with a reason.")
    model: str = Field(description="Name and hash of the model.")
    scale: str = Field(description='What a score means, such as "1 to 5, higher is better".')
    least: float = Field(description="Lower end of the scale.")
    most: float = Field(description="Upper end of the scale.")
    better: Literal["higher", "lower"] = Field(description="Which direction is better.")
    values: list[float] = Field(description="What each quality level is worth, worst first.")
    coverage: float | None = Field(
        description="Share of ratings that an interval is to hold; null for a model without."
    )
    reference: str | None = Field(
        default=None,
        description="The collection that percentiles are of; null for a model without.",
    )
    opinion: Literal["human", "synthetic"] = Field(
        description="Whose opinion the model learnt: people's, or a metric's and simulated raters'."
    )
    likely: Chance = Field(description="Probability from which a cause is named to people.")
    modes: list[Mode] = Field(description="Modes that the model was calibrated for.")
    max_upload_mb: int = Field(description="Largest video that is taken (MiB).")
    jobs: int = Field(description="Videos that are scored at a time.")
    inside: int = Field(description="Videos that are uploaded, wait or are scored right now.")
    places: int = Field(description="Most of them; beyond, the answer is 503.")


class Problem(_Schema):
    """Why a request has no row."""

    detail: str = Field(description="A sentence: what is wrong, and what to do.")


def scored(answer: Answer, name: str) -> Scored:
    """The response for a video.

    Raises:
        pydantic.ValidationError: the answer of the worker does not fit the schema.
    """
    fields: dict[str, Any] = as_mapping(answer.row) | {"video": name}
    # The client must not learn where the file was.
    fields["reason"] = answer.row.reason.replace(answer.row.video, name)
    fields["levels"] = list(answer.row.levels)
    fields |= {
        key: part
        for key, part in (("timeline", answer.timeline), ("plan", answer.plan))
        if part is not None
    }
    if answer.lost:
        fields["lost"] = answer.lost.replace(answer.row.video, name)
    return Scored.model_validate(fields)


def health(greeting: Greeting, **now: int) -> Health:
    """The response about a model that is ready; `now` are the numbers of the service."""
    fields = {**asdict(greeting), **now, "status": "ready", "likely": LIKELY}
    fields["modes"] = [mode for mode in MODES if mode in {*greeting.modes, "exact"}]
    del fields["levels"], fields["least_error"]
    return Health.model_validate(fields)
