"""Whether two samples of videos differ, column by column."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from vq.params import Watch

RARE = 5.0
"""Categories of which fewer than so many are expected on either side count as one: the chi-square
distribution describes no smaller ones."""

Pair = tuple[pd.Series, pd.Series]
"""What one column holds of the training data, and of recent videos; null is nothing."""


@dataclass(frozen=True)
class Comparison:
    """One column of both."""

    column: str
    trained: int
    """Videos of the training data, each of another content."""
    recent: int
    effect: float
    """The largest difference of shares: of videos below any value (Kolmogorov-Smirnov), or of
    videos in any set of categories (total variation). 0 to 1."""
    p: float
    """Chance of such a difference where there is none."""
    adjusted: float
    """The same by Benjamini and Hochberg, in view of all columns."""
    drifted: bool
    sentence: str
    """What changed, in the terms of the column."""


def compare(pairs: Mapping[str, Pair], *, settings: Watch) -> list[Comparison]:
    """Test each column, numbers by Kolmogorov and Smirnov, categories by chi-square.

    A column drifted if its difference is significant at `alpha`, corrected for their number, and
    is at least `min_effect`: among many videos, differences that nobody need care for are
    significant too.

    The videos of a sample are independent of each other. A column that has fewer than `min_rows`
    values on either side is left out.
    """
    usable: dict[str, Pair] = {}
    for name, (trained, recent) in pairs.items():
        pair = trained.dropna(), recent.dropna()
        if min(map(len, pair)) >= settings.min_rows:
            usable[name] = pair
    results = [
        _numbers(*pair) if pd.api.types.is_numeric_dtype(pair[0]) else _categories(*pair)
        for pair in usable.values()
    ]
    if not results:
        return []
    adjusted = stats.false_discovery_control([p for _, p, _ in results])
    return [
        Comparison(
            name,
            len(usable[name][0]),
            len(usable[name][1]),
            effect,
            p,
            float(q),
            bool(q <= settings.alpha and effect >= settings.min_effect),
            sentence,
        )
        for name, q, (effect, p, sentence) in zip(usable, adjusted, results, strict=True)
    ]


def _numbers(trained: pd.Series, recent: pd.Series) -> tuple[float, float, str]:
    before, after = (side.to_numpy(np.float64) for side in (trained, recent))
    # The exact distribution is that of numbers without ties, and fails for some sizes.
    result = stats.ks_2samp(before, after, method="asymp")
    sentence = f"median {np.median(before):.4g} before, {np.median(after):.4g} now"
    return float(result.statistic), float(result.pvalue), sentence


def _categories(trained: pd.Series, recent: pd.Series) -> tuple[float, float, str]:
    counts = pd.DataFrame(
        {"before": trained.astype(str).value_counts(), "now": recent.astype(str).value_counts()}
    ).fillna(0)
    counts = _pool(counts)
    shares = counts / counts.sum()
    change = shares["now"] - shares["before"]
    most = str(change.idxmax())
    sentence = f"{most}: {shares['before'][most]:.0%} before, {shares['now'][most]:.0%} now"
    if len(counts) == 1:
        return 0.0, 1.0, sentence
    p = stats.chi2_contingency(counts.to_numpy(), correction=False).pvalue
    return float(change.abs().sum() / 2), float(p), sentence


def _pool(counts: pd.DataFrame) -> pd.DataFrame:
    """Rare categories as one, with the rarest of the others if together they are still rare."""
    smaller = counts.sum().min() / counts.to_numpy().sum()
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index]
    expected = counts.sum(axis=1).to_numpy() * smaller
    rare = int((expected < RARE).sum())
    rare += bool(rare and expected[:rare].sum() < RARE)
    if rare < 2:
        return counts
    others = counts.iloc[:rare].sum().rename(", ".join(counts.index[:rare]))
    return pd.concat([counts.iloc[rare:], others.to_frame().T])
