"""What ships says what was trained."""

from pathlib import Path

import numpy as np
import pytest

from vq.errors import WeightsError
from vq.inference import onnx_parity

FILES = [Path("a.mp4"), Path("b.mp4")]
TRAINED = np.array([2.0, 3.0])


def test_the_order_of_sums_may_differ() -> None:
    """Within a ten thousandth of the scale: 1e-4 x 4 on one of 1 to 5."""
    onnx_parity.check(FILES, TRAINED + 3e-4, TRAINED, span=4.0)


def test_another_score_is_refused() -> None:
    """Whoever ships it would not know; the video and both scores are named."""
    with pytest.raises(
        WeightsError, match=r"b\.mp4: the exported network says 3\.00060.* 3\.00000"
    ):
        onnx_parity.check(FILES, np.array([2.0, 3.0006]), TRAINED, span=4.0)
