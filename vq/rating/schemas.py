"""What browsers send: checked once, here."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[str, Field(max_length=300)]
Count = Annotated[int, Field(ge=0, le=100_000_000)]
Pixels = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Device(_Schema):
    """On what a rater looks."""

    agent: Text = ""
    """How the browser calls itself."""
    screen_width: Pixels = 0
    """In CSS pixels, like all that follow but `pixel_ratio`."""
    screen_height: Pixels = 0
    viewport_width: Pixels = 0
    viewport_height: Pixels = 0
    pixel_ratio: Pixels = 0
    """Pixels of the screen to one of CSS."""
    touch: bool = False


class Joining(_Schema):
    """A browser that opens a link."""

    rater: Name
    """A name that the browser made up, so that joining twice is joining once."""
    language: Text
    device: Device


class Playback(_Schema):
    """How a clip was shown; of a pair, the sum or the worse of both."""

    decision_ms: Count = 0
    """From the end of the clip to the rating, by a clock that nobody can set."""
    play_ms: Count = 0
    """From the first frame to the end."""
    duration_ms: Count = 0
    """As long as that should have taken."""
    dropped_frames: Count = 0
    frames: Count = 0
    replays: Count = 0
    """How often it was shown again after a disturbance: another tab, no full screen, a stall."""
    shown_width: Pixels = 0
    """Of the clip on the screen, in CSS pixels."""
    shown_height: Pixels = 0
    viewport_width: Pixels = 0
    viewport_height: Pixels = 0
    fullscreen: bool = False
    disturbed: bool = False
    """Whether even the last showing stalled or dropped many frames: such a rating is not
    counted."""


class Sent(_Schema):
    """A rating as a browser sends it, until it is acknowledged."""

    id: Name
    position: Annotated[int, Field(ge=0, le=100_000)]
    value: Annotated[int, Field(ge=1, le=5)] | None
    problem: Text = ""
    playback: Playback
