"""How far a score may be from the rating: split conformal intervals."""

import numpy as np
from jaxtyping import Float, Shaped

LEAST_CONTENTS = 20
"""Below so many, errors do not show how they depend on the score."""
LEAST_SHARE = 0.25
"""Of the mean error: no score is taken to be surer than that."""


def half_widths(
    score: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
    coverage: float,
) -> tuple[float, float] | None:
    """Half the widths of the intervals around the lowest and the highest score of the scale.

    Between the two, half the width follows the score along a straight line: `half_width`, in
    multiples of the error that is usual for the score (normalised conformal prediction:
    Papadopoulos et al., ICANN 2008; Lei et al., JASA 2018, section 5.2). Where contents are few,
    both are the same.

    Returns:
        None where there are too few contents to promise anything.
    """
    ends = _usual_error(score, np.abs(score - mos), contents, scale=scale)
    half = half_width(score, mos, contents, coverage=coverage, usual=np.interp(score, scale, ends))
    return None if half is None else (half * ends[0], half * ends[1])


def half_width(
    score: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    coverage: float,
    usual: Float[np.ndarray, " videos"] | float = 1.0,
) -> float | None:
    """Half the width of an interval around a score that holds the rating with some probability.

    Split conformal prediction (Vovk et al., 2005; Lei et al., JASA 2018) on videos that no weight
    was fitted on. Versions of one content share their error, so that contents count, not videos:
    the errors of each of k contents weigh 1 / (k + 1) together, and the content to come, whose
    errors nobody knows, weighs as much (pooled distributions of Dunn, Wasserman & Ramdas, JASA
    2023). Where each video is a content of its own, this is the ceil((n + 1) x coverage)-th
    smallest error. Errors are counted in multiples of what is `usual` for the score.

    Returns:
        None where there are too few contents to promise anything: fewer than 9 for 0.9.
    """
    _, content, versions = np.unique(contents, return_inverse=True, return_counts=True)
    error = np.abs(score - mos) / usual
    order = np.argsort(error, kind="stable")
    mass = np.cumsum(1 / versions[content[order]]) / (len(versions) + 1)
    # Sums of shares miss a whole number by their last bits.
    enough = np.flatnonzero(mass >= coverage - 1e-9)
    return float(error[order][enough[0]]) if len(enough) else None


def _usual_error(
    score: Float[np.ndarray, " videos"],
    error: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
) -> tuple[float, float]:
    """Where a line of error over score meets the ends of the scale; each content weighs as much."""
    _, content, versions = np.unique(contents, return_inverse=True, return_counts=True)
    if len(versions) < LEAST_CONTENTS or not np.ptp(score) or not error.any():
        return 1.0, 1.0
    weight = 1 / versions[content]
    line = np.polyfit(score, error, 1, w=np.sqrt(weight))
    least = LEAST_SHARE * np.average(error, weights=weight)
    low, high = np.maximum(np.polyval(line, scale), least).tolist()
    return low, high
