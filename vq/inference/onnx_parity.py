"""Whether the exported network scores files as the trained student scored cached views."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from vq.errors import WeightsError
from vq.words import count

log = logging.getLogger(__name__)

MOST = 1e-4
"""Of the scale. Sums in another order make a tenth of it."""


def check(
    videos: Sequence[Path],
    shipped: Float64[np.ndarray, " videos"],
    trained: Float64[np.ndarray, " videos"],
    *,
    span: float,
) -> None:
    """Compare the scores of one with those of the other.

    `shipped` are scores of ONNX Runtime, of the files, and `trained` those of torch, of the views
    in the cache; `span` is from the least to the most that a score can be.

    Raises:
        WeightsError: they differ; the first cause to think of is a file that has changed since.
    """
    off = np.abs(shipped - trained)
    if not len(off):
        return
    worst = int(off.argmax())
    if off[worst] > MOST * span:
        raise WeightsError(
            f"{videos[worst]}: the exported network says {shipped[worst]:.5f}, the trained student "
            f"{trained[worst]:.5f}; if the file has changed, run `dvc repro --force extract`, else "
            "another version of torch or of ONNX Runtime may export this backbone rightly"
        )
    log.info(
        "exported: at most %.0e of the scale off, %s of validation",
        off[worst] / span,
        count(len(off), "video"),
    )
