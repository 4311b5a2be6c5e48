"""How alike experts are: linear CKA (Kornblith et al., ICML 2019), and what each tells of all."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int64

MOST = 1000
"""Videos that are compared: more of them change little, and cost their square."""

FOLDS, RIDGE = 3, 1e-2
"""Of the regressions of `shared`; the ridge is a share of a feature's mean squared length."""


def matrix(features: Mapping[str, Float[np.ndarray, "videos _"]]) -> pd.DataFrame:
    """CKA of each pair of experts, by name: 1 alike, 0 nothing in common.

    Features are those of training videos. Videos that either expert misses (NaN) take no part, and
    of more than `MOST` every n-th does.
    """
    names = list(features)
    rows = _spread(len(next(iter(features.values()))))
    valid = {name: ~np.isnan(value[rows]).any(1) for name, value in features.items()}
    kernels = {name: _kernel(value[rows]) for name, value in features.items()}
    cka = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for one, other in combinations(names, 2):
        both = np.flatnonzero(valid[one] & valid[other])
        alike = _cka(kernels[one][np.ix_(both, both)], kernels[other][np.ix_(both, both)])
        cka.loc[one, other] = cka.loc[other, one] = alike
    return cka


def shared(features: Mapping[str, Float[np.ndarray, "videos _"]]) -> pd.DataFrame:
    """What each pair of experts says alike, by name: 1 the same, 0 nothing in common.

    One expert is predicted from the other by ridge regression, on videos held out in turns, and
    the other way round; the less successful of both counts. Successes are shares of the variance
    that an expert predicts of *itself* in the same way, or a copy of a wide one on few videos would
    look like a stranger. Unlike CKA it is blind to how columns are scaled and mixed: rotating
    correlated columns leaves 1, where the CKA of their standardised features falls below .97.
    """
    names = list(features)
    rows = _spread(len(next(iter(features.values()))))
    rows = rows[~np.any([np.isnan(value[rows]).any(1) for value in features.values()], axis=0)]
    similarity = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    if len(rows) < 2 * FOLDS:
        return similarity
    kernels = {name: _products(value[rows]) for name, value in features.items()}
    weights = {name: _ridge_weights(kernel) for name, kernel in kernels.items()}
    own = {name: _explained_variance(weights[name], kernel) for name, kernel in kernels.items()}

    def share(source: str, target: str) -> float:
        if own[target] <= 0:
            return 0.0
        return _explained_variance(weights[source], kernels[target]) / own[target]

    for one, other in combinations(names, 2):
        least = min(share(one, other), share(other, one))
        similarity.loc[one, other] = similarity.loc[other, one] = np.clip(least, 0, 1)
    return similarity


def twins(
    alike: pd.DataFrame, better: Callable[[str, str], bool], limit: float
) -> dict[str, tuple[str, float]]:
    """Experts that go out because another one says the same (claim 8: structures differ).

    Args:
        alike: see `shared`.
        better: whether the first of two that are alike is to stay in the place of the second,
            which comes earlier in `alike`.
        limit: above which two are alike.

    Returns:
        For each expert that goes out, the one that stays in its place and how alike they are.
    """
    kept: list[str] = []
    out: dict[str, tuple[str, float]] = {}
    values = alike.to_numpy(np.float64)
    names = [str(name) for name in alike.index]
    for place, name in enumerate(names):
        close = {other: float(values[place, names.index(other)]) for other in kept}
        close = {other: value for other, value in close.items() if value > limit}
        stays = next((other for other in close if not better(name, other)), None)
        if stays is None:
            out |= {other: (name, value) for other, value in close.items()}
            kept = [other for other in kept if other not in close] + [name]
        else:
            out[name] = (stays, close[stays])
    return out


def _spread(videos: int) -> Int64[np.ndarray, " rows"]:
    return np.unique(np.linspace(0, videos - 1, min(videos, MOST)).round().astype(np.int64))


def _kernel(features: Float[np.ndarray, "rows width"]) -> Float64[np.ndarray, "rows rows"]:
    """Inner products of standardised features, 0 on the diagonal; NaN rows have no meaning."""
    kernel = _products(features)
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _products(features: Float[np.ndarray, "rows width"]) -> Float64[np.ndarray, "rows rows"]:
    valid = features[~np.isnan(features).any(1)].astype(np.float64)
    mean, spread = (valid.mean(0), valid.std(0)) if len(valid) else (0.0, np.ones(1))
    standard = np.nan_to_num((features - mean) / np.where(spread > 1e-8, spread, np.inf))
    kernel: Float64[np.ndarray, "rows rows"] = standard @ standard.T
    return kernel


def _cka(one: Float64[np.ndarray, "n n"], other: Float64[np.ndarray, "n n"]) -> float:
    scale = _hsic(one, one) * _hsic(other, other)
    # An unbiased estimate of almost nothing may fall below it.
    return float(np.clip(_hsic(one, other) / np.sqrt(scale), 0, 1)) if scale > 0 else 0.0


def _ridge_weights(kernel: Float64[np.ndarray, "n n"]) -> list[Float64[np.ndarray, "_ _"]]:
    """For each fold, the weight of each training row in the ridge prediction of each test row."""
    weights = []
    for test, train in _folds(len(kernel)):
        fitted = kernel[np.ix_(train, train)]
        # An expert that never changes has a trace of 0, and predicts 0.
        ridge = RIDGE * np.trace(fitted) / len(fitted) or 1.0
        solved = np.linalg.solve(fitted + ridge * np.eye(len(fitted)), kernel[np.ix_(train, test)])
        weights.append(solved.T)
    return weights


def _explained_variance(
    weights: Sequence[Float64[np.ndarray, "_ _"]], kernel: Float64[np.ndarray, "n n"]
) -> float:
    """Share of an expert's variance that these weights predict from the other's training rows."""
    missed = 0.0
    for (test, train), weight in zip(_folds(len(kernel)), weights, strict=True):
        # |b - W B|^2 over all columns at once, from the inner products of b and B alone.
        missed += np.trace(kernel[np.ix_(test, test)])
        missed -= 2 * (weight * kernel[np.ix_(test, train)]).sum()
        missed += ((weight @ kernel[np.ix_(train, train)]) * weight).sum()
    whole = np.trace(kernel)
    return float(1 - missed / whole) if whole > 0 else 0.0


def _folds(rows: int) -> list[tuple[Int64[np.ndarray, " test"], Int64[np.ndarray, " train"]]]:
    turn = np.arange(rows) % FOLDS
    return [(np.flatnonzero(turn == n), np.flatnonzero(turn != n)) for n in range(FOLDS)]


def _hsic(one: Float64[np.ndarray, "n n"], other: Float64[np.ndarray, "n n"]) -> float:
    """The unbiased estimate of Song et al. (JMLR 13, 2012, equation 5).

    The usual one comes near 1 for any two experts that are wider than there are videos.
    """
    n = len(one)
    if n < 4:
        return 0.0
    total = (one * other).sum() + one.sum() * other.sum() / ((n - 1) * (n - 2))
    return float((total - 2 / (n - 2) * (one.sum(0) @ other.sum(0))) / (n * (n - 3)))
