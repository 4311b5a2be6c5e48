"""The monotone map from a model's scores to the scale of the ratings.

VQEG (Phase I final report, 2000) and after it the field fit a logistic curve before PLCC and RMSE,
so that a model is not punished for the shape of its scale. Ours is fitted on validation and then
frozen; fitted on the videos it judges it would flatter.
"""

import math
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64
from scipy.optimize import curve_fit
from scipy.special import expit

from vq.words import count

FEWEST = 8
"""Videos below which four parameters would follow the noise."""


@dataclass(frozen=True)
class Mapping:
    """A fitted map: never decreasing, and the same on every split."""

    kind: Literal["logistic", "linear"]
    parameters: tuple[float, ...]
    """logistic: `low, high, centre, width` of low + (high - low) / (1 + exp((centre - x) / width));
    linear: `offset, slope`."""
    why_linear: str = ""
    """Why no logistic was fitted, in a phrase for the report; empty for a logistic."""

    def __call__(self, scores: Float[np.ndarray, " videos"]) -> Float64[np.ndarray, " videos"]:
        """Scores on the scale of the ratings."""
        shape = _logistic if self.kind == "logistic" else _line
        return shape(scores.astype(np.float64), *self.parameters)

    def to_json(self) -> dict[str, object]:
        """The map as plain values."""
        return {**asdict(self), "parameters": list(self.parameters)}

    @classmethod
    def from_json(cls, raw: dict[str, object]) -> "Mapping":
        """What `to_json` gave.

        Raises:
            ValueError: it was not given by `to_json`.
        """
        kind, numbers = raw.get("kind"), raw.get("parameters")
        wanted = {"logistic": 4, "linear": 2}.get(str(kind))
        if wanted is None or not isinstance(numbers, list) or len(numbers) != wanted:
            raise ValueError(f"no map from score to rating: {raw}")
        return cls(
            "logistic" if kind == "logistic" else "linear",
            tuple(float(number) for number in numbers),
            str(raw.get("why_linear", "")),
        )


def fit(scores: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> Mapping:
    """The least-squares logistic, or a line where a logistic would not do.

    It is a line of slope 0 or more when there are fewer than `FEWEST` videos, when scores or
    ratings are constant, when the logistic does not converge, or when it fits worse than the line;
    the map says which.

    Raises:
        ValueError: no video, or a value that is no number.
    """
    x, y = scores.astype(np.float64), mos.astype(np.float64)
    if not len(x) or not np.isfinite(x).all() or not np.isfinite(y).all():
        raise ValueError(
            f"cannot fit a map to {count(len(x), 'video')} with scores {x[:3]}, ratings {y[:3]}"
        )
    line = _fit_line(x, y)
    if len(x) < FEWEST:
        return _because(line, f"only {count(len(x), 'video')}, {FEWEST} are needed")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return _because(line, "the scores or the ratings are constant")
    try:
        curve = _fit_logistic(x, y)
    except RuntimeError:  # of curve_fit: out of steps
        return _because(line, "the logistic did not converge")
    if not np.isfinite(curve.parameters).all() or _error(curve, x, y) > _error(line, x, y) * (
        1 + 1e-9
    ):
        return _because(line, "the logistic fitted worse than a line")
    return curve


def _fit_logistic(x: Float64[np.ndarray, " videos"], y: Float64[np.ndarray, " videos"]) -> Mapping:
    def curve(
        x: Float64[np.ndarray, " videos"], low: float, rise: float, centre: float, log_width: float
    ) -> Float64[np.ndarray, " videos"]:
        return _logistic(x, low, low + rise, centre, math.exp(log_width))

    # In units of the scores' spread the search is the same for any model; `rise >= 0` keeps the map
    # from turning a model that ranks backwards into a good one. The width is held within bounds:
    # narrower is a step between two videos, wider is a line.
    middle, spread = float(np.mean(x)), float(np.std(x))
    start = (float(y.min()), float(np.ptp(y)), 0.0, math.log(0.5))
    reach = 10 * float(np.ptp(y))
    bounds = (
        (float(y.min()) - reach, 0.0, -10.0, math.log(0.05)),
        (float(y.max()) + reach, 3 * reach, 10.0, math.log(20.0)),
    )
    (low, rise, centre, log_width), _ = curve_fit(
        curve, (x - middle) / spread, y, p0=start, bounds=bounds, max_nfev=1000
    )
    parameters = (low, low + rise, middle + spread * centre, spread * math.exp(log_width))
    return Mapping("logistic", tuple(float(p) for p in parameters))


def _fit_line(x: Float64[np.ndarray, " videos"], y: Float64[np.ndarray, " videos"]) -> Mapping:
    spread = float(np.var(x))
    slope = max(0.0, float(np.mean((x - x.mean()) * (y - y.mean()))) / spread) if spread else 0.0
    return Mapping("linear", (float(y.mean() - slope * x.mean()), slope))


def _logistic(
    x: Float64[np.ndarray, " videos"], low: float, high: float, centre: float, width: float
) -> Float64[np.ndarray, " videos"]:
    return low + (high - low) * expit((x - centre) / width)


def _line(
    x: Float64[np.ndarray, " videos"], offset: float, slope: float
) -> Float64[np.ndarray, " videos"]:
    return offset + slope * x


def _error(
    chosen: Mapping, x: Float64[np.ndarray, " videos"], y: Float64[np.ndarray, " videos"]
) -> float:
    return float(np.mean((chosen(x) - y) ** 2))


def _because(line: Mapping, why: str) -> Mapping:
    return Mapping(line.kind, line.parameters, why)
