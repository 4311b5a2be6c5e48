"""What is made of a worker's answers."""

from typing import Any

import numpy as np
import pytest

from vq.best import answer, spectrum
from vq.best.copy import MOST_FRAMES
from vq.video.probe import LOOK_PX
from vq.workers.protocol import Message
from vq.workers.worker_process import MOST_BYTES

SMALL = {"shape": [2, 3, 4], "fps": 24.0, "times": None}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {**SMALL, "shape": [2, 12]},
        {**SMALL, "shape": [2, 3, 5]},
        {**SMALL, "fps": 0},
        {**SMALL, "times": [0.0]},
        {**SMALL, "times": [1.0, 0.0]},
        {**SMALL, "spectrum": [1.0]},
        {**SMALL, "spectrum": [float("nan")] * len(spectrum.NAMES)},
        {"probe": {"width": 3}, "bits": 1, "bytes": 1, "hashes": {}},
        {"row": {"status": "fine"}},
        {"row": None},
    ],
)
def test_nonsense_is_refused_where_its_process_is_ended(fields: dict[str, Any]) -> None:
    """By the errors that the pool catches."""
    with pytest.raises((ValueError, TypeError, LookupError)):
        answer.read("a.mp4", Message(fields, bytes(24)))


def test_pictures_come_with_their_clock() -> None:
    """Of a variable frame rate with a time for each."""
    part = answer.read("a.mp4", Message({**SMALL, "times": [0.0, 0.5]}, bytes(24)))

    assert isinstance(part, answer.Thumbnails)
    assert part.pixels.shape == (2, 3, 4)
    assert part.clock.times is not None
    assert np.array_equal(part.clock.times, [0.0, 0.5])


def test_the_longest_square_video_fits_into_a_message() -> None:
    """A longer message is taken for nonsense."""
    assert MOST_FRAMES * LOOK_PX**2 <= MOST_BYTES
