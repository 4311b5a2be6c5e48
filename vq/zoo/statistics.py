"""Natural scene statistics of pictures (Mittal, Moorthy and Bovik, BRISQUE, IEEE TIP 2012).

Undistorted photographs, normalised by local mean and contrast (MSCN), have a distribution close to
a Gaussian; distortions change its shape and that of the products of neighbours. Fits are by moment
matching (Lasmar et al., ICIP 2009, for the asymmetric generalised Gaussian).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, UInt8
from scipy.special import gamma

from vq.zoo.expert import Kind, Tags
from vq.zoo.frame_window import AREA, LUMA, luma, window

SHAPES = np.arange(0.2, 10.001, 0.001)
"""Shapes that a fit can find: 1 is a Laplacian, 2 a Gaussian."""
RATIOS = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))
"""(E|x|)^2 / E[x^2] of each shape."""
REACH = 3
_BELL = np.exp(-(np.arange(REACH + 1) ** 2) / (2 * (7 / 6) ** 2))
TAPS = (_BELL / (_BELL[0] + 2 * _BELL[1:].sum())).astype(np.float32)
"""Centre and one side of the authors' 7 x 7 Gaussian window, sigma 7/6."""
STRIP_ROWS = 32
FLAT = 1e-6
"""Mean square below which a map is flat: what is there is rounding."""
NUMBERS = 18
"""Of one scale: shape and spread, then four products with shape, mean, left and right spread."""
OPERATIONS = 128
"""Of `two_scales`, for each pixel. One scale is 102: four sums of seven weighted pixels at 10
each, 8 to square, root and divide, 4 products, five maps summed up at 10; then a quarter of that,
and 1 to halve."""
TAGS = Tags("handcrafted", "natural scene statistics", "none", "Apache-2.0")


@dataclass(frozen=True)
class SpatialStatistics:
    """36 numbers for each frame: 18 at native resolution, 18 at half of it.

    The half is a mean of 2 x 2 pixels (the authors: bicubic). Luma only.
    """

    name: str = "spatial_statistics"
    catalog: str = "spatial_statistics"
    kind: Kind = "image"
    dim: int = 2 * NUMBERS
    dtype: Literal["float16", "float32"] = "float32"
    version: int = 1
    identity: str = "window of 3 x 5 tiles of 128 px"
    parameters: int = 0
    gmacs: float = AREA * (LUMA + OPERATIONS) / 2e9
    tags: Tags = TAGS

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time dim"]:
        """Fit each frame by itself."""
        return np.stack([two_scales(luma(f).astype(np.float32) - 128) for f in window(pixels)])


def two_scales(picture: Float32[np.ndarray, "height width"]) -> Float32[np.ndarray, " numbers"]:
    """Statistics of a map at its own and at half its resolution."""
    return np.concatenate([one_scale(picture), one_scale(halve(picture))]).astype(np.float32)


def one_scale(picture: Float32[np.ndarray, "height width"]) -> Float[np.ndarray, " numbers"]:
    """Statistics of a map: its MSCN coefficients and their products with four neighbours."""
    sums = np.zeros((5, 6))
    padded = np.pad(picture, REACH, mode="edge")
    # In strips that stay in the processor's cache: three times as fast. They overlap by one row,
    # the upper neighbours of the next one.
    for top in range(0, picture.shape[0], STRIP_ROWS):
        field = mscn(padded[top : top + STRIP_ROWS + 1 + 2 * REACH])
        upper, lower = field[:STRIP_ROWS], field[1:]
        pairs = upper[: len(lower)]
        sums += [
            moment_sums(upper),
            moment_sums(upper[:, :-1] * upper[:, 1:]),
            moment_sums(pairs * lower),
            moment_sums(pairs[:, :-1] * lower[:, 1:]),
            moment_sums(pairs[:, 1:] * lower[:, :-1]),
        ]
    shape, _, left, right = fit(sums[0])
    return np.array([shape, (left + right) / 2, *(x for row in sums[1:] for x in fit(row))])


def moment_sums(values: Float32[np.ndarray, "*shape"]) -> Float[np.ndarray, "6"]:
    """What a fit needs, ready to be added up: count, below and above zero, |x|, x^2, x|x|."""
    size = np.abs(values)
    below = np.count_nonzero(values < 0)
    return np.array(
        [
            values.size,
            below,
            np.count_nonzero(values) - below,
            size.sum(),
            (values * values).sum(),
            (values * size).sum(),
        ],
        np.float64,
    )


def fit(sums: Float[np.ndarray, "6"]) -> tuple[float, float, float, float]:
    """Fit an asymmetric generalised Gaussian to the `moment_sums` of its values.

    Returns:
        Shape, mean, variance to the left of zero and to the right. A flat map has the largest shape
        and no variance.
    """
    count, below, above, size, square, signed = sums.tolist()
    if square <= FLAT * count:
        return float(SHAPES[-1]), 0.0, 0.0, 0.0
    left = max(square - signed, 0.0) / 2 / max(below, 1)
    right = max(square + signed, 0.0) / 2 / max(above, 1)
    skew = np.sqrt(left / right) if right > 0 else 1e3
    ratio = size**2 / count / square * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(np.interp(ratio, RATIOS, SHAPES))
    scale = gamma(2 / shape) / np.sqrt(gamma(1 / shape) * gamma(3 / shape))
    return shape, float((np.sqrt(right) - np.sqrt(left)) * scale), left, right


def halve(
    picture: Float32[np.ndarray, "height width"],
) -> Float32[np.ndarray, "half_height half_width"]:
    """Mean of each 2 x 2 pixels; an odd last row or column goes."""
    even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)


def mscn(padded: Float32[np.ndarray, "_ _"]) -> Float32[np.ndarray, "height width"]:
    """Subtract the local mean, divide by the local standard deviation plus one.

    Args:
        padded: values around zero (the variance is a difference of squares in single precision),
            with a margin of `REACH` on each side.
    """
    mean, spread = _smooth(padded), _smooth(padded * padded)
    spread -= mean * mean
    np.maximum(spread, 0, out=spread)
    np.sqrt(spread, out=spread)
    spread += 1
    return (padded[REACH:-REACH, REACH:-REACH] - mean) / spread


def _smooth(padded: Float32[np.ndarray, "_ _"]) -> Float32[np.ndarray, "height width"]:
    # One long row, shifted: a neighbour above is a row's length away. What wraps around at the
    # ends of rows lands in the margin and is cut off.
    rows, length = padded.shape
    down = _weigh(padded.ravel(), step=length)
    across = np.empty_like(down)
    across[REACH:-REACH] = _weigh(down, step=1)
    return across.reshape(rows - 2 * REACH, length)[:, REACH:-REACH]


def _weigh(row: Float32[np.ndarray, " length"], *, step: int) -> Float32[np.ndarray, " inner"]:
    """Weighted sum of each value and its neighbours at `step`, 2 and 3 `step` on both sides."""
    margin = REACH * step
    size = len(row) - 2 * margin
    total = row[margin : margin + size] * TAPS[0]
    pair = np.empty_like(total)
    for reach in range(1, REACH + 1):
        before, after = margin - reach * step, margin + reach * step
        np.add(row[before : before + size], row[after : after + size], out=pair)
        pair *= TAPS[reach]
        total += pair
    return total
