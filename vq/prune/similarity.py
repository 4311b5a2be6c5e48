"""How alike two experts are: linear CKA (Kornblith et al., ICML 2019)."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float


def cka(one: Float[np.ndarray, "videos width"], other: Float[np.ndarray, "videos width2"]) -> float:
    """Linear centred kernel alignment of standardised features: 1 alike, 0 nothing in common.

    Videos that either expert misses (NaN) take no part.
    """
    both = ~(np.isnan(one).any(1) | np.isnan(other).any(1))
    x, y = _standard(one[both]), _standard(other[both])
    # Of two equal formulas the smaller one: videos x videos, or width x width.
    if len(x) < max(x.shape[1], y.shape[1]):
        kernel_x, kernel_y = x @ x.T, y @ y.T
        common = (kernel_x * kernel_y).sum()
    else:
        kernel_x, kernel_y = x.T @ x, y.T @ y
        common = ((y.T @ x) ** 2).sum()
    scale = np.linalg.norm(kernel_x) * np.linalg.norm(kernel_y)
    return float(common / scale) if scale > 0 else 0.0


def alike(
    features: Mapping[str, Float[np.ndarray, "videos width"]],
    strength: Mapping[str, float],
    limit: float,
) -> dict[str, tuple[str, float]]:
    """Experts that go out because a stronger one says the same (claim 8: structures differ).

    Args:
        features: initial features by expert, training videos.
        strength: of two that are alike, the weaker goes out; ties by name.
        limit: CKA above which two are alike.

    Returns:
        For each expert that goes out, the one it resembles and their CKA.
    """
    ranked = sorted(features, key=lambda name: (-strength[name], name))
    kept: list[str] = []
    out: dict[str, tuple[str, float]] = {}
    for name in ranked:
        close = [(cka(features[name], features[other]), other) for other in kept]
        most, twin = max(close, default=(0.0, ""))
        if most > limit:
            out[name] = (twin, most)
        else:
            kept.append(name)
    return out


def _standard(features: Float[np.ndarray, "videos width"]) -> Float[np.ndarray, "videos width"]:
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    spread = centred.std(0)
    return centred / np.where(spread > 1e-8, spread, 1.0)
