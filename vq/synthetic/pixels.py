"""From computed values to pixels."""

import numpy as np
from jaxtyping import UInt8

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in brightness (BT.601)."""


def to_bytes(values: np.ndarray) -> UInt8[np.ndarray, "..."]:
    """Round to whole levels, cut off below 0 and above 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
