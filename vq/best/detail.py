"""Detail that copies of one source share, in bands of frequency.

True detail correlates between copies that were encoded by themselves, artefacts do not. The copy
whose detail follows what all share is nearest to the source.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

EDGES = (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.6)
"""Ends of the bands, in cycles a pixel of the common size; 0.5 is the finest pattern along a
line."""
BANDS = len(EDGES) - 1
LEAST = 0.3
"""Power that is added to that of each copy: of rounding, which is shared by none."""


@dataclass(frozen=True, eq=False)
class Shared:
    """What copies have in common, band by band."""

    covariance: Float64[np.ndarray, "bands copies copies"]
    """Of the detail of each two copies; its diagonal is their power."""

    @property
    def power(self) -> Float64[np.ndarray, "copies bands"]:
        """Logarithm of the power of each copy."""
        return np.log(np.diagonal(self.covariance, axis1=1, axis2=2).T + LEAST)

    @property
    def loading(self) -> Float64[np.ndarray, "copies bands"]:
        """Correlation of each copy with what all share, as Fisher's z."""
        correlation, _ = self._consensus()
        return np.arctanh(np.clip(correlation, -0.999, 0.999))

    @property
    def error(self) -> Float64[np.ndarray, "copies bands"]:
        """Logarithm of the power of the difference of each copy to what all share."""
        return self._consensus()[1]

    def _consensus(self) -> tuple[np.ndarray, np.ndarray]:
        power = np.diagonal(self.covariance, axis1=1, axis2=2) + LEAST
        # The first principal component; copies that go against it have no part in it.
        weight = np.abs(np.linalg.eigh(self.covariance)[1][:, :, -1])
        with_all = np.einsum("bij,bj->bi", self.covariance, weight)
        total = np.einsum("bi,bi->b", weight, with_all)[:, None] + LEAST
        correlation = with_all / np.sqrt(power * total)
        # As large as the largest of those that make it up.
        scale = np.sqrt(power.max(1, keepdims=True) / total)
        difference = power - 2 * scale * with_all + scale**2 * total
        return correlation.T, np.log(np.maximum(difference, 0) + LEAST).T


def compare(patches: UInt8[np.ndarray, "copies patches side side"]) -> Shared:
    """Compare the same patches of each copy, at a common size."""
    side = patches.shape[-1]
    window = np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    band = np.digitize(np.hypot(rows, columns), EDGES) - 1
    # Half of the plane stands for all of it.
    twice = np.where((columns > 0) & (columns < 0.5), 2.0, 1.0) * np.ones_like(rows)
    masks = [(band == one) for one in range(BANDS)]
    covariance = np.zeros((BANDS, len(patches), len(patches)))
    for number in range(patches.shape[1]):
        part = patches[:, number].astype(np.float32)
        part = (part - part.mean((1, 2), keepdims=True)) * window
        spectrum = np.fft.rfft2(part)
        for one, mask in enumerate(masks):
            values = spectrum[:, mask] * np.sqrt(twice[mask])
            flat = np.concatenate([values.real, values.imag], axis=1).astype(np.float64)
            # Not a product of matrices, whose sums depend on the number of threads.
            covariance[one] += np.einsum("ik,jk->ij", flat, flat)
    norm = patches.shape[1] * float((window**2).sum()) * side * side
    counts = np.array([twice[mask].sum() for mask in masks]) / (side * side)
    return Shared(covariance / norm / counts[:, None, None])
