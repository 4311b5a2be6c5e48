"""What a consumer camera makes of a scene before anybody uploads it; and cuts of real clips.

Real uploads were encoded once already, by the phone or camera itself. Films of that kind are
pristine all the same: a label compares a version with the film, not with the scene.
"""

import av
import numpy as np
from jaxtyping import UInt8
from numpy.random import Generator
from PIL import Image, ImageFilter

from vq.errors import DataError
from vq.footage.fetched import Source
from vq.footage.filmed import damage_steps
from vq.footage.filmed.photo_camera import Clip, Format
from vq.synthetic.pixels import to_bytes
from vq.words import count

BLUR = (0.0, 1.4)
"""Standard deviations of the lens in pixels of the recording, twice those of the film."""
NOISE = (0.0, 5.0)
"""Of the sensor, in grey levels of the recording."""
RATE_FACTOR = (14, 29)
"""Of the camera's own H.264."""
RATES = (10.0, 30.0)
"""Frames a second of a cut: a clip of more is thinned out, one of fewer plays faster."""


def recorded(
    frames: Clip, rng: Generator, fps: int
) -> UInt8[np.ndarray, "time half_height half_width 3"]:
    """Soften, add noise, encode as H.264, and scale to half the size.

    The frames are twice as wide and high as the film is to be; `rng` draws how good the camera is.
    """
    lens = ImageFilter.GaussianBlur(float(rng.uniform(*BLUR)))
    noise = np.float32(rng.uniform(*NOISE))
    seen = np.empty_like(frames)
    for number, frame in enumerate(frames):
        soft = np.asarray(Image.fromarray(frame).filter(lens), np.float32)
        grain = noise * rng.standard_normal(frame.shape, dtype=np.float32)
        seen[number] = to_bytes(soft + grain)
    stored = damage_steps.decode(
        damage_steps.encode(seen, "libx264", float(rng.integers(*RATE_FACTOR)), fps)
    )
    height, width = frames.shape[1:3]
    return np.stack([_scaled(frame, width // 2, height // 2) for frame in stored])


def cut(clip: Source, frames: int, rng: Generator) -> tuple[Clip, int]:
    """A cut of a real clip at half its size or less, and its frames a second.

    Its scene is not changed, so a cut that starts anywhere will do. Fewer frames come where the
    clip is shorter; `rng` draws the start and the height.

    Raises:
        DataError: the clip cannot be decoded, is shorter than 8 frames or lower than 300 lines.
    """
    kept: list[np.ndarray] = []
    try:
        with av.open(str(clip.path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 25)
            step = max(round(rate / RATES[1]), 1)
            height = _height(stream.height, rng)
            width = round(stream.width * height / max(stream.height, 1) / 2) * 2
            start = int(rng.random() * max(stream.frames - frames * step, 0))
            for number, frame in enumerate(container.decode(stream)):
                if number >= start and (number - start) % step == 0:
                    kept.append(_scaled(frame.to_ndarray(format="rgb24"), width, height))
                if len(kept) == frames:
                    break
    except (av.FFmpegError, IndexError, OSError) as error:
        raise DataError(f"{clip.path}: cannot be decoded ({error})") from error
    if len(kept) < 8 or height < 150:
        raise DataError(
            f"{clip.path}: {count(len(kept), 'frame')} of {clip.height} lines are too small to be "
            "cut: 8 frames and 300 lines at least"
        )
    return np.stack(kept), round(min(max(rate / step, RATES[0]), RATES[1]))


def doubled(form: Format) -> Format:
    """The format that a recording of a film has."""
    return Format(2 * form.width, 2 * form.height, form.frames, form.fps)


def _height(lines: int, rng: Generator) -> int:
    """Even, at most half of the clip's: what its own codec did is averaged away."""
    choices = [high for high in (240, 270, 360, 480) if high <= lines // 2]
    return int(rng.choice(choices)) if choices else lines // 4 * 2


def _scaled(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    whole = Image.fromarray(frame)
    return np.asarray(whole.resize((width, height), Image.Resampling.LANCZOS))
