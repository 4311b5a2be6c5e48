"""What the parent makes of a worker's answers, which a hostile file may have written."""

import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vq.best import spectrum
from vq.best.clock import Clock
from vq.best.look import Look
from vq.inference.row import Row, from_mapping
from vq.video import fingerprint
from vq.video.fingerprint import Fingerprint
from vq.video.probe import Probe
from vq.workers.protocol import Message


@dataclass(frozen=True, eq=False)
class Facts:
    """Of a video that has a score."""

    probe: Probe
    bits: int
    bytes: int
    fingerprint: Fingerprint


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """The first frames, small, and when they are shown."""

    pixels: UInt8[np.ndarray, "frames height width"]
    clock: Clock


@dataclass(frozen=True)
class Problem:
    """Why a video cannot be decoded a second time."""

    reason: str


Part = Row | Facts | Thumbnails | Look | Problem


def read(item: object, message: Message) -> Part:
    """Read a part of an answer about `item`.

    Raises:
        ValueError: it is nonsense; likewise TypeError and LookupError.
    """
    fields = message.fields
    if "row" in fields:
        return from_mapping({**fields["row"], "video": item})
    if "problem" in fields:
        return Problem(str(fields["problem"]))
    if "probe" in fields:
        return Facts(
            _probe(fields["probe"]),
            int(fields["bits"]),
            int(fields["bytes"]),
            fingerprint.unpack(fields["hashes"], message.data),
        )
    pixels = np.frombuffer(message.data, np.uint8).reshape(fields["shape"])
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(f"pictures of the shape {pixels.shape}")
    if "spectrum" in fields:
        numbers = np.array(fields["spectrum"], np.float32)
        if numbers.shape != (len(spectrum.NAMES),) or not np.isfinite(numbers).all():
            raise ValueError("a spectrum that is none")
        return Look(pixels, numbers)
    return Thumbnails(pixels, _clock(float(fields["fps"]), fields["times"], len(pixels)))


def _probe(fields: dict[str, Any]) -> Probe:
    probe = Probe(**fields)
    finite = all(math.isfinite(value) for value in astuple(probe) if isinstance(value, float))
    counts = min(probe.width, probe.height, probe.frames) > 0
    if not (finite and counts and min(probe.fps, probe.duration_s) >= 0):
        raise ValueError(f"no video has such values: {probe}")
    return probe


def _clock(fps: float, times: list[float] | None, frames: int) -> Clock:
    if not 0 < fps < math.inf:
        raise ValueError(f"{fps} frames a second")
    if times is None:
        return Clock(fps)
    begins = np.array(times, np.float64)
    if begins.shape != (frames,) or not (np.diff(begins) >= 0).all():
        raise ValueError("times that do not ascend")
    return Clock(fps, begins)
