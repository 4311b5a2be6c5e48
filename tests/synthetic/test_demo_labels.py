"""Synthetic opinion: a measure, a published curve, simulated raters."""

from pathlib import Path

import numpy as np
import pytest

from vq.errors import VideoError
from vq.synthetic.demo import encode, labels
from vq.synthetic.demo.scene_camera import Clip


@pytest.fixture
def clip() -> Clip:
    """Textured frames that move."""
    noise = np.random.default_rng(0).integers(60, 200, (48, 64, 3), dtype=np.uint8)
    return np.stack([np.roll(noise, k, axis=1) for k in range(5)])


@pytest.mark.parametrize(
    ("similarity", "grade"),
    [(1.0, 5.0), (0.99, 4.5), (0.95, 3.5), (0.88, 2.5), (0.5, 1.5), (0.0, 1.0), (-0.2, 1.0)],
)
def test_the_edges_of_the_grades_are_those_of_zinner(similarity: float, grade: float) -> None:
    """Excellent from 0.99, good from 0.95, fair from 0.88, poor from 0.5: edges at the halves."""
    assert labels.grade(similarity) == pytest.approx(grade)


def test_ssim_is_one_value_a_frame_and_near_one_without_loss(clip: Clip, tmp_path: Path) -> None:
    """A nearly lossless file is nearly the source; a coarse one is not."""
    fine, coarse = tmp_path / "fine.mp4", tmp_path / "coarse.mp4"
    encode.write(clip, fine, codec="h264", crf=1, fps=25)
    encode.write(clip, coarse, codec="h264", crf=45, fps=25)
    values = labels.ssim(fine, clip, fps=25)
    assert values.shape == (5,)
    assert values.min() > 0.99
    assert labels.ssim(coarse, clip, fps=25).max() < 0.7


def test_another_number_of_frames_is_an_error(clip: Clip, tmp_path: Path) -> None:
    """A label must never compare a frame with another moment."""
    path = tmp_path / "short.mp4"
    encode.write(clip[:3], path, codec="h264", crf=10, fps=25)
    with pytest.raises(VideoError, match=r"short\.mp4: has 3 frames, was made from 5"):
        labels.ssim(path, clip, fps=25)
    with pytest.raises(VideoError, match=r"short\.mp4: has more frames than the 2"):
        labels.ssim(path, clip[:2], fps=25)


def test_raters_spread_by_bias_and_mood_around_the_quality() -> None:
    """Mean 3 and deviation sqrt(0.3^2 + 0.5^2 + 1/12): rounding adds a twelfth of variance."""
    rng = np.random.default_rng(0)
    ratings = labels.rate(3.0, bias=rng.normal(0, 0.3, 20000), noise=0.5, rng=rng)
    assert ratings.mean() == pytest.approx(3.0, abs=0.02)
    assert ratings.std(ddof=1) == pytest.approx(np.sqrt(0.3**2 + 0.5**2 + 1 / 12), abs=0.02)


def test_raters_give_whole_grades_on_the_scale() -> None:
    """Even for the best and the worst."""
    rng = np.random.default_rng(1)
    for quality in (1.0, 5.0):
        ratings = labels.rate(quality, bias=np.zeros(500), noise=1.0, rng=rng)
        assert set(ratings.tolist()) <= {1, 2, 3, 4, 5}
        assert len(set(ratings.tolist())) > 1


def test_a_strict_rater_is_strict_every_time() -> None:
    """Bias belongs to the rater: the same seat grades lower on every video."""
    rng = np.random.default_rng(2)
    bias = np.array([-1.0, 0.0, 0.0])
    grades = np.array([labels.rate(3.2, bias=bias, noise=0.3, rng=rng) for _ in range(200)])
    assert grades[:, 0].mean() < grades[:, 1].mean() - 0.7
