"""Baselines without a zoo: the mean rating, and regression on handcrafted statistics."""

import numpy as np
from jaxtyping import Float, Float64, Shaped
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

PENALTIES = (0.5, 2.0, 8.0, 32.0)
"""C of the regression, searched inside the training videos."""
GAMMAS = (0.2, 1.0, 4.0)
"""Of its kernel, in units of 1 / features; searched likewise."""
FOLDS = 5
MOST = 5000
"""Training videos of the regression: its time grows with their square or worse."""


def constant(mos: Float[np.ndarray, " train"], *, count: int) -> Float64[np.ndarray, " videos"]:
    """The mean rating of the training videos, for `count` videos."""
    return np.full(count, float(mos.mean()))


def handcrafted(
    features: Float[np.ndarray, "train dim"],
    mos: Float[np.ndarray, " train"],
    contents: Shaped[np.ndarray, " train"],
    others: Float[np.ndarray, "videos dim"],
    *,
    rng: np.random.Generator,
) -> Float64[np.ndarray, " videos"]:
    """Support vector regression on statistics, as BRISQUE and VIDEVAL do it.

    C and gamma are chosen by cross-validation in which a content is on one side. A number that is
    missing (nan) counts as the median of the training videos.

    `others` are features of the videos to predict, the rest is of the labelled training videos;
    `rng` draws `MOST` of these where there are more.
    """
    if len(mos) > MOST:
        drawn = np.sort(rng.choice(len(mos), MOST, replace=False))
        features, mos, contents = features[drawn], mos[drawn], contents[drawn]
    model = TransformedTargetRegressor(
        make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), SVR()
        ),
        transformer=StandardScaler(),
    )
    folds = min(FOLDS, len(np.unique(contents)))
    if folds > 1:
        grid = {
            "regressor__svr__C": PENALTIES,
            "regressor__svr__gamma": [gamma / features.shape[1] for gamma in GAMMAS],
        }
        search = GridSearchCV(
            model, grid, cv=GroupKFold(folds), scoring="neg_root_mean_squared_error"
        )
        model = search.fit(features, mos, groups=contents)
    else:
        model.fit(features, mos)
    return np.asarray(model.predict(others), np.float64)
