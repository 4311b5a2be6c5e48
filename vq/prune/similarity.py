"""How alike experts are: linear CKA (Kornblith et al., ICML 2019), without its bias."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int64

MOST = 1000
"""Videos that are compared: more of them change little, and cost their square."""


def matrix(features: Mapping[str, Float[np.ndarray, "videos _"]]) -> pd.DataFrame:
    """CKA of each pair of experts, by name: 1 alike, 0 nothing in common.

    Args:
        features: initial features by expert, training videos; videos that either expert misses
            (NaN) take no part, and of more than `MOST` every n-th does.
    """
    names = list(features)
    rows = _spread(len(next(iter(features.values()))))
    known = {name: ~np.isnan(value[rows]).any(1) for name, value in features.items()}
    kernels = {name: _kernel(value[rows]) for name, value in features.items()}
    found = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for one, other in combinations(names, 2):
        both = np.flatnonzero(known[one] & known[other])
        alike = _alike(kernels[one][np.ix_(both, both)], kernels[other][np.ix_(both, both)])
        found.loc[one, other] = found.loc[other, one] = alike
    return found


def twins(
    alike: pd.DataFrame, strength: Mapping[str, float], limit: float
) -> dict[str, tuple[str, float]]:
    """Experts that go out because a stronger one says the same (claim 8: structures differ).

    Args:
        alike: see `matrix`.
        strength: of two that are alike, the weaker goes out; ties by name.
        limit: CKA above which two are alike.

    Returns:
        For each expert that goes out, the one it resembles and their CKA.
    """
    values = alike.to_numpy(np.float64)
    place = {str(name): number for number, name in enumerate(alike.index)}
    kept: list[str] = []
    out: dict[str, tuple[str, float]] = {}
    for name in sorted(strength, key=lambda name: (-strength[name], name)):
        close = [(float(values[place[name], place[other]]), other) for other in kept]
        most, twin = max(close, default=(0.0, ""))
        if most > limit:
            out[name] = (twin, most)
        else:
            kept.append(name)
    return out


def _spread(videos: int) -> Int64[np.ndarray, " rows"]:
    return np.unique(np.linspace(0, videos - 1, min(videos, MOST)).round().astype(np.int64))


def _kernel(features: Float[np.ndarray, "rows width"]) -> Float64[np.ndarray, "rows rows"]:
    """Inner products of standardised features, 0 on the diagonal; NaN rows have no meaning."""
    known = features[~np.isnan(features).any(1)].astype(np.float64)
    mean, spread = (known.mean(0), known.std(0)) if len(known) else (0.0, np.ones(1))
    standard = np.nan_to_num((features - mean) / np.where(spread > 1e-8, spread, np.inf))
    kernel: Float64[np.ndarray, "rows rows"] = standard @ standard.T
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _alike(one: Float64[np.ndarray, "n n"], other: Float64[np.ndarray, "n n"]) -> float:
    scale = _hsic(one, one) * _hsic(other, other)
    # An unbiased estimate of almost nothing may fall below it.
    return float(np.clip(_hsic(one, other) / np.sqrt(scale), 0, 1)) if scale > 0 else 0.0


def _hsic(one: Float64[np.ndarray, "n n"], other: Float64[np.ndarray, "n n"]) -> float:
    """The unbiased estimate of Song et al. (JMLR 13, 2012, equation 5).

    The usual one comes near 1 for any two experts that are wider than there are videos.
    """
    n = len(one)
    if n < 4:
        return 0.0
    total = (one * other).sum() + one.sum() * other.sum() / ((n - 1) * (n - 2))
    return float((total - 2 / (n - 2) * (one.sum(0) @ other.sum(0))) / (n * (n - 3)))
