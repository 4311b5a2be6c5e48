"""How far a score may be from the rating: split conformal intervals."""

import numpy as np
from jaxtyping import Bool, Float, Shaped


def half_width(
    score: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    coverage: float,
) -> float | None:
    """Half the width of an interval around a score that holds the rating with some probability.

    Split conformal prediction (Vovk et al., 2005; Lei et al., JASA 2018) on videos that no weight
    was fitted on. Versions of one content share their error, so that contents count, not videos:
    the errors of each of k contents weigh 1 / (k + 1) together, and the content to come, whose
    errors nobody knows, weighs as much (pooled distributions of Dunn, Wasserman & Ramdas, JASA
    2023). Where each video is a content of its own, this is the ceil((n + 1) x coverage)-th
    smallest error.

    Returns:
        None where there are too few contents to promise anything: fewer than 9 for 0.9.
    """
    _, content, versions = np.unique(contents, return_inverse=True, return_counts=True)
    error = np.abs(score - mos)
    order = np.argsort(error, kind="stable")
    mass = np.cumsum(1 / versions[content[order]]) / (len(versions) + 1)
    # Sums of shares miss a whole number by their last bits.
    enough = np.flatnonzero(mass >= coverage - 1e-9)
    return float(error[order][enough[0]]) if len(enough) else None


def covered(
    score: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"], half: float
) -> Bool[np.ndarray, " videos"]:
    """Whether the interval holds the rating."""
    return np.abs(score - mos) <= half
