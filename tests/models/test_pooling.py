"""From feature maps to one row a picture."""

import math

import pytest
import torch

from vq.models.pooling import pool, pool_cells, width


def test_pooling_gives_the_means_of_all_levels_then_their_deviations() -> None:
    """A map of 1 and 3 in equal shares has mean 2 and deviation 1."""
    one = torch.tensor([1.0, 3.0]).repeat(1, 2, 2).view(1, 2, 2, 2)
    assert pool([one, one])[0].tolist() == pytest.approx([2.0] * 4 + [1.0] * 4, abs=1e-4)


def test_a_flat_map_has_a_finite_gradient() -> None:
    """The root of zero would not."""
    flat = torch.ones(1, 1, 4, 4, requires_grad=True)
    pool([flat]).sum().backward()
    assert torch.isfinite(flat.grad).all()


def test_a_level_finer_than_the_cells_gives_its_mean_and_its_deviation_in_each() -> None:
    """Two maps of a fine level, one of a coarse one; then mean and deviation over the cells."""
    fine = torch.tensor([[1.0, 3.0], [1.0, 3.0]]).repeat(8, 8)[None, None]
    coarse = torch.tensor([[[[-1.0, -3.0]]]])

    found = pool_cells([fine, coarse], [8, 16])[0]

    assert len(found) == width([1, 1], [8, 16])
    log = [math.log1p(2), math.log1p(1), -(math.log1p(1) + math.log1p(3)) / 2]
    torch.testing.assert_close(found[:3], torch.tensor(log), atol=1e-3, rtol=0)
    spread = [0, 0, (math.log1p(3) - math.log1p(1)) / 2]
    torch.testing.assert_close(found[3:], torch.tensor(spread), atol=2e-3, rtol=0)


def test_cells_of_a_flat_picture_have_a_finite_gradient() -> None:
    """A dead channel must not break the training of what is below."""
    flat = torch.ones(1, 2, 8, 8, requires_grad=True)
    pool_cells([flat], [4]).sum().backward()
    assert flat.grad is not None
    assert torch.isfinite(flat.grad).all()
