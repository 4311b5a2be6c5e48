"""Quality over time: the score of each second of a video, taken by itself."""

import base64
import io
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vq.inference.runtime import Model
from vq.video import stream
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets
from vq.video.shapes import UInt8

THUMBNAIL_PX = 480
"""Long side of the picture of the worst second."""


@dataclass(frozen=True)
class Timeline:
    """The score of each second, as if that second had been cut out as a video of its own.

    Times are seconds from the first frame; `vq.serving.schemas.Timeline` describes each field. The
    student saw whole videos when it learnt, and its moments lie closer together here: what a point
    says is relative to the other points. The mean of the points is not the score of the video, and
    no interval was calibrated for a point.
    """

    starts: tuple[float, ...]
    scores: tuple[float, ...]
    end: float
    worst: int
    """The first of equals."""
    thumbnail: bytes
    """JPEG."""
    scale: tuple[float, float]
    better: str

    def as_mapping(self) -> dict[str, Any]:
        """For JSON: the fields, the thumbnail as a data URI."""
        picture = base64.b64encode(self.thumbnail).decode("ascii")
        return {**asdict(self), "thumbnail": f"data:image/jpeg;base64,{picture}"}


def measure(model: Model, path: Path) -> Timeline:
    """Score each second of a video that has a score.

    Nearly every frame is decoded; those that one second shows are in memory at a time.

    Raises:
        VideoError: the file cannot be read as video.
    """
    rate = rate_of(path)
    worst = _Worst(better=1 if model.card.better == "higher" else -1)

    def choose(count: int, _: Packets | None) -> list[set[int]]:
        return [
            {part[0], part[-1], *(part[number] for number in model.spec.indices(len(part)))}
            for part in seconds_of(count, rate)
        ]

    def look(place: int, decoded: Decoded) -> tuple[float, float, float]:
        part = seconds_of(decoded.frame_count, rate)[place]
        clip = _alone(decoded, part)
        score = model.predict(model.spec.cut(clip)).score
        worst.compare(place, score, clip)
        return clip.seconds[0], score, clip.seconds[len(part) - 1]

    points = in_groups(path, choose, look)
    return Timeline(
        starts=tuple(round(start, 3) for start, _, _ in points),
        scores=tuple(score for _, score, _ in points),
        end=round(points[-1][2], 3),
        worst=worst.place,
        thumbnail=_jpeg(worst.pixels),
        scale=(model.card.scale.min, model.card.scale.max),
        better=model.card.better,
    )


def rate_of(path: Path) -> float:
    """Frames a second of a file, as it says; 0 if it does not.

    Raises:
        VideoError: the file cannot be read as video.
    """
    with stream.opened(path) as (_, video):
        return float(video.average_rate or video.guessed_rate or 0)


def seconds_of(frame_count: int, rate: float) -> list[range]:
    """Cut a video into parts of about a second: as many frames in each, and two at least.

    Args:
        frame_count: of the whole video; two or more.
        rate: frames a second, on average; 25 is taken for 0, where the file does not say.
    """
    parts = max(1, min(round(frame_count / (rate or 25)), frame_count // 2))
    return [
        range(frame_count * part // parts, frame_count * (part + 1) // parts)
        for part in range(parts)
    ]


def _alone(decoded: Decoded, part: range) -> Decoded:
    """A part as a video of its own: its first frame is number 0."""
    return Decoded(
        len(part),
        {number - part[0]: pixels for number, pixels in decoded.pixels.items()},
        {number - part[0]: seconds for number, seconds in decoded.seconds.items()},
    )


class _Worst:
    """The worst second so far."""

    def __init__(self, *, better: int) -> None:
        self._better = better
        self._score = math.inf
        self.place = 0
        self.pixels = np.empty((0, 0, 3), np.uint8)

    def compare(self, place: int, score: float, clip: Decoded) -> None:
        # A damaged file is begun anew, from place 0.
        if place == 0 or self._better * score < self._score:
            self._score, self.place = self._better * score, place
            middle = min(clip.pixels, key=lambda number: abs(2 * number - clip.frame_count))
            self.pixels = clip.pixels[middle]


def _jpeg(pixels: UInt8[np.ndarray, "height width 3"]) -> bytes:
    picture = Image.fromarray(pixels)
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    return jpeg.getvalue()
