"""The fitted numbers."""

import numpy as np

from vq.best import comparison, spectrum, upscaled
from vq.best.detail import BANDS, Shared


def test_the_file_has_a_weight_for_each_number() -> None:
    """And for each measurement of upscaled copies."""
    fitted = comparison.load()
    shared = Shared(np.stack([np.eye(2) for _ in range(BANDS)]))
    spectra = np.zeros((2, len(spectrum.NAMES)))
    ones = np.ones(2)
    numbers = comparison.measurements(
        shared, spectra, sizes=ones, bits=ones, codecs=["h264", "vp9"]
    )
    cutoff = upscaled.measurements(shared, spectra, ones == 1, ones)

    assert set(fitted.weights) == set(comparison.NAMES)
    assert numbers.shape == (2, len(comparison.NAMES))
    assert cutoff.shape == (2, len(fitted.upscaled["weights"]))
    assert fitted.card["licence"].startswith("Apache-2.0")


def test_a_wider_gap_is_surer() -> None:
    """And a difference that cancels out is less sure than none."""
    fitted = comparison.load()
    level, better = np.zeros(4), np.array([2.0, 0, 0, 0])
    torn = np.array([30.0, -30.0, 0, 0])

    assert comparison.confidence(better, level, fitted) > comparison.confidence(
        level, level, fitted
    )
    assert comparison.confidence(torn, level, fitted) < comparison.confidence(level, level, fitted)
