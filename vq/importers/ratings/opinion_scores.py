"""Opinion scores from ratings, by the ITU's recommendations; SUREAL (Netflix) computes them."""

import warnings
from argparse import Namespace
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from vq.importers.ratings.crowd_screening import screen
from vq.importers.ratings.read import Ratings

METHODS = {
    "mean": (False, False),
    "bt500": (False, True),
    "p913": (True, True),
    "crowd": (True, False),
}
"""Name -> whether raters' bias is taken off (ITU-T P.913, 12.4), and whether outliers are left out
(ITU-R BT.500, A1-2.3.1). `mean` takes all as they are; `crowd` leaves out raters who do not follow
the others (`vq.importers.ratings.crowd_screening`) before."""


@dataclass(frozen=True)
class Opinions:
    """What the raters together say of each video."""

    mos: Float64[np.ndarray, " videos"]
    """NaN where no rating counts."""
    std: Float64[np.ndarray, " videos"]
    """Of the ratings that count, N - 1 in the denominator; NaN of fewer than two."""
    half_width: Float64[np.ndarray, " videos"]
    """Of the 95 % interval of the mean, by the normal distribution; NaN of fewer than two."""
    ratings: Int64[np.ndarray, " videos"]
    """How many count."""
    rejected: Bool[np.ndarray, " raters"]
    bias: Float64[np.ndarray, " raters"]
    """How much higher than the others a rater rates; 0 where that is not taken off."""


def recover(ratings: Ratings, *, method: str) -> Opinions:
    """MOS of each video.

    Outliers: a rater goes who strays by two standard deviations (by the square root of 20, where
    ratings are not normal) on more than 5 % of *all* videos, upwards about as often as downwards.
    Of raters who saw few of the videos that rejects hardly one.
    """
    if method == "crowd":
        rejected = screen(ratings.matrix).rejected
        return _with_rejected(_estimate(_without(ratings, rejected), method=method), rejected)
    return _estimate(ratings, method=method)


def _without(ratings: Ratings, rejected: Bool[np.ndarray, " raters"]) -> Ratings:
    kept = tuple(
        name for name, out in zip(ratings.raters, rejected.tolist(), strict=True) if not out
    )
    return Ratings(ratings.videos, kept, ratings.matrix[:, ~rejected])


def _with_rejected(opinions: Opinions, rejected: Bool[np.ndarray, " raters"]) -> Opinions:
    bias = np.zeros(len(rejected))
    bias[~rejected] = opinions.bias
    return replace(opinions, rejected=rejected, bias=bias)


def _estimate(ratings: Ratings, *, method: str) -> Opinions:
    from sureal.dataset_reader import RawDatasetReader
    from sureal.subjective_model import BiasremvMosModel, MosModel

    unbiased, rejecting = METHODS[method]
    videos = [{"content_id": 0, "asset_id": index, "path": name, "os": list(row)}
              for index, (name, row) in enumerate(zip(ratings.videos, ratings.matrix, strict=True))
              ]  # fmt: skip
    reader = RawDatasetReader(Namespace(ref_videos=[{"content_id": 0, "path": ""}],
                                        dis_videos=videos, ref_score=None))  # fmt: skip
    model = (BiasremvMosModel if unbiased else MosModel)(reader)
    # Divisions by nothing are expected: a rater who never strays, a video that one person saw.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        results = model.run_modeling(subject_rejection=rejecting)
    raters = len(ratings.raters)
    return Opinions(
        mos=np.array(results["quality_scores"], np.float64),
        std=np.array(results["quality_ambiguity"], np.float64),
        half_width=np.array(results["quality_scores_ci95"][0], np.float64),
        ratings=(~np.isnan(results["raw_scores"])).sum(axis=(1, 2)),
        rejected=np.array(results.get("observer_rejected", [False] * raters), bool),
        bias=np.array(results.get("observer_bias", [0.0] * raters), np.float64),
    )
