"""What one would do by hand with the experts' features: support vectors, means, a ridge stack."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from benchmarks.material import impute

FOLDS = 5
C = (0.3, 1.0, 3.0, 10.0, 30.0)
GAMMA = (0.1, 0.3, 1.0)
"""Over the number of columns; 1 is the usual choice."""
Scores = dict[str, Float64[np.ndarray, " videos"]]


def baselines(
    experts: Mapping[str, Float32[np.ndarray, "videos _"]],
    mos: Float64[np.ndarray, " videos"],
    known: Int64[np.ndarray, " known"],
    groups: Shaped[np.ndarray, " videos"],
) -> tuple[Scores, Scores]:
    """Fit on the known videos; they have no use for a validation side, so they get it as well.

    Args:
        experts: initial features by expert; what is missing becomes the mean of the known videos.
        mos: of all videos; only those of `known` are looked at.
        known: rows of the videos to fit on.
        groups: folds have all videos of a group on one side.

    Returns:
        Scores of all videos, by name of the baseline; and for the `svr:` ones the scores of the
        known videos out of fold, nan for the others.
    """
    whole = {name: impute(block, known) for name, block in experts.items()}
    scores, out_of_fold = {}, {}
    for name, block in whole.items():
        scores[f"svr:{name}"], out = support_vectors(block, mos, known, groups)
        out_of_fold[f"svr:{name}"] = np.full(len(mos), np.nan)
        out_of_fold[f"svr:{name}"][known] = out
    every = np.stack(list(scores.values()), axis=1)
    honest = np.stack([one[known] for one in out_of_fold.values()], axis=1)
    stack = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 3, 11)))
    scores["mean"] = every.mean(1)
    together = np.concatenate(list(whole.values()), axis=1)
    scores["concat"], _ = support_vectors(together, mos, known, groups)
    scores["stack"] = stack.fit(honest, mos[known]).predict(every)
    return scores, out_of_fold


def support_vectors(
    block: Float32[np.ndarray, "videos width"],
    mos: Float64[np.ndarray, " videos"],
    known: Int64[np.ndarray, " known"],
    groups: Shaped[np.ndarray, " videos"],
) -> tuple[Float64[np.ndarray, " videos"], Float64[np.ndarray, " known"]]:
    """Support vectors on standardised columns, for a standardised MOS: files differ in scale.

    Returns:
        Scores of all videos, and those of the known videos out of fold.
    """
    folds = list(GroupKFold(FOLDS).split(known, groups=groups[known]))
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), SVR(epsilon=0.1)), transformer=StandardScaler()
    )
    grid = {
        "regressor__svr__C": C,
        "regressor__svr__gamma": [gamma / block.shape[1] for gamma in GAMMA],
    }
    search = GridSearchCV(model, grid, cv=folds).fit(block[known], mos[known])
    out = cross_val_predict(search.best_estimator_, block[known], mos[known], cv=folds)
    return search.predict(block), out
