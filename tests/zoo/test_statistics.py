"""Natural scene statistics: what the fits find, and that they are those of the paper."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from vq.zoo import statistics


@pytest.mark.parametrize(
    ("sample", "shape"),
    [
        pytest.param(lambda rng: rng.normal(0, 3, (400, 400)), 2.0, id="gaussian"),
        pytest.param(lambda rng: rng.laplace(0, 3, (400, 400)), 1.0, id="laplacian"),
    ],
)
def test_a_fit_finds_the_shape_that_was_drawn(
    sample: Callable[[np.random.Generator], np.ndarray], shape: float
) -> None:
    """A generalised Gaussian has shape 2 if it is Gaussian, 1 if it is Laplacian."""
    values = sample(np.random.default_rng(1)).astype(np.float32)

    found, mean, left, right = statistics.fit(statistics.moment_sums(values))

    assert found == pytest.approx(shape, rel=0.03)
    assert mean == pytest.approx(0, abs=0.05)
    assert (left + right) / 2 == pytest.approx(float(values.var()), rel=0.02)


def test_a_fit_finds_both_sides_of_an_asymmetric_gaussian() -> None:
    """Half a Gaussian of spread 1 to the left, half a one of spread 3 to the right."""
    rng = np.random.default_rng(2)
    # Densities that meet at zero: the sides weigh as their spreads do.
    side = rng.random(200_000) < 0.25
    values = np.where(
        side, -np.abs(rng.normal(0, 1, side.size)), np.abs(rng.normal(0, 3, side.size))
    )

    shape, mean, left, right = statistics.fit(statistics.moment_sums(values.astype(np.float32)))

    assert (shape, left, right) == pytest.approx((2, 1, 9), rel=0.03)
    # Mallat's mean of an asymmetric Gaussian: (3 - 1) gamma(1) / sqrt(gamma(1/2) gamma(3/2)).
    assert mean == pytest.approx(2 / np.sqrt(np.pi / 2), rel=0.03)


def test_local_means_are_those_of_a_gaussian_window() -> None:
    """scipy.ndimage is the reference: 7 taps, sigma 7/6, edges repeated."""
    picture = np.random.default_rng(3).normal(0, 40, (37, 61)).astype(np.float32)

    def smooth(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, 7 / 6, radius=3, mode="nearest")

    wide = picture.astype(np.float64)
    mean = smooth(wide)
    expected = (wide - mean) / (np.sqrt(smooth(wide**2) - mean**2) + 1)

    np.testing.assert_allclose(
        statistics.mscn(np.pad(picture, statistics.REACH, mode="edge")), expected, atol=2e-4
    )


def test_strips_leave_no_seam() -> None:
    """Statistics of a map do not depend on the strips it is worked on in."""
    picture = np.random.default_rng(4).normal(0, 40, (101, 50)).astype(np.float32)
    field = statistics.mscn(np.pad(picture, statistics.REACH, mode="edge"))

    found = statistics.one_scale(picture)

    expected = [
        statistics.fit(statistics.moment_sums(product))
        for product in (
            field[:, :-1] * field[:, 1:],
            field[:-1] * field[1:],
            field[:-1, :-1] * field[1:, 1:],
            field[:-1, 1:] * field[1:, :-1],
        )
    ]
    np.testing.assert_allclose(found[2:], np.ravel(expected), rtol=1e-4, atol=1e-5)


def test_a_flat_picture_has_no_spread() -> None:
    """Rounding is not taken for texture."""
    found = statistics.two_scales(np.full((64, 64), 77.3, np.float32))

    assert found.reshape(2, 18)[:, 1].tolist() == [0, 0]
