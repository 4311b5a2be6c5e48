"""Whether a copy was scaled up before it was stored.

It has next to nothing above the cut-off of its former size, and hardly an error below; compression
takes from both. Where contrast is strongest, compression leaves fine detail alone, and scaling up
never has any. Other copies at the same moments tell what is there to be seen.
"""

import numpy as np
from jaxtyping import Bool, Float64

from vq.best.comparison import Comparison, logistic
from vq.best.detail import Shared
from vq.best.spectrum import BANDS, STRONG, beside_best

_STRONG = 2 * BANDS, 2 * (BANDS + STRONG)


def measurements(
    shared: Shared,
    spectra: Float64[np.ndarray, "copies spectral"],
    full: Bool[np.ndarray, " copies"],
    bits: Float64[np.ndarray, " copies"],
) -> Float64[np.ndarray, "copies measurements"]:
    """What tells an upscaled copy.

    Args:
        shared: what the copies have in common.
        spectra: of each copy (`vq.best.spectrum`), at its own size.
        full: which copies have the common size; only of these do the numbers mean something.
        bits: of a frame, for each pixel of the common size.
    """
    power, most = shared.power - shared.power.max(0), shared.power.max(0)
    beside = beside_best(spectra, full)
    strong = spectra[:, _STRONG[0] : _STRONG[1]]
    strong = (strong[:, :STRONG] + strong[:, STRONG:]) / 2
    strong = strong - strong[:, 1:4].mean(1, keepdims=True)
    return np.column_stack(
        [
            power,
            shared.loading,
            shared.error - most,
            -np.diff(power, axis=1),
            beside,
            np.diff(beside, axis=1).min(1),
            strong,
            np.diff(strong, axis=1).min(1),
            spectra,
            np.log(np.maximum(bits, 1e-6)),
        ]
    )


def probabilities(
    numbers: Float64[np.ndarray, "copies measurements"], fitted: Comparison
) -> Float64[np.ndarray, " copies"]:
    """Probability that each copy was scaled up."""
    how = fitted.upscaled
    scaled = (numbers - np.array(how["center"])) / np.array(how["scale"])
    odds = np.einsum("ij,j->i", scaled, np.array(how["weights"])) + how["intercept"]
    return np.array([logistic(float(one)) for one in odds])
