"""How far a score may be from the rating: split conformal intervals."""

import math

import numpy as np
from jaxtyping import Float


def half_width(
    score: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"], *, coverage: float
) -> float | None:
    """Half the width of an interval around a score that holds the rating with some probability.

    Split conformal prediction (Vovk et al., 2005; Lei et al., JASA 2018): of n videos that no
    weight was fitted on, the ceil((n + 1) x coverage)-th smallest error. The promise holds for
    videos drawn like these; versions of one content are less than as many videos.

    Args:
        score: of the model, for rated videos.
        mos: their ratings, on the same scale.
        coverage: nominal, such as 0.9.

    Returns:
        None where there are too few videos to promise anything.
    """
    rank = math.ceil((len(score) + 1) * coverage)
    return float(np.sort(np.abs(score - mos))[rank - 1]) if rank <= len(score) else None


def covered(
    score: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"], half: float
) -> Float[np.ndarray, " videos"]:
    """1 where the interval holds the rating, 0 where it does not."""
    return (np.abs(score - mos) <= half).astype(np.float64)
