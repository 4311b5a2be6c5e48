"""When a cause is seen."""

from pathlib import Path

import numpy as np

from tests.conftest import moving, write_video
from vq.causes import spans
from vq.causes.spans import Span, joined


def test_neighbouring_seconds_are_one_span() -> None:
    """With the highest probability of any; a second between them parts two spans."""
    chances = [0.2, 0.8, 0.9, 0.7, 0.85]
    seconds = [(float(n), n + 1.0, {"blur": chance}) for n, chance in enumerate(chances)]

    assert joined(seconds) == [Span("blur", 1.0, 3.0, 0.9), Span("blur", 4.0, 5.0, 0.85)]


def test_a_noisy_second_is_found(tmp_path: Path) -> None:
    """It alone, and what is wrong with it."""

    def noisy(number: int, width: int, height: int) -> np.ndarray:
        frame = moving(number, width, height)
        if not 10 <= number < 20:
            return frame
        noise = np.random.default_rng(number).normal(0, 28, frame.shape)
        return np.clip(frame + noise, 0, 255).astype(np.uint8)

    clip = write_video(
        tmp_path / "a.mkv", 40, fps=10, width=192, height=128, picture=noisy,
        codec="libx264", pix_fmt="yuv420p",
    )  # fmt: skip

    there = spans.measure(clip, lambda count: [range(n, n + 10) for n in range(0, count, 10)])

    assert [(span.start, span.end) for span in there if span.cause == "noise"] == [(1.0, 2.0)]
