"""From feature maps to one row a picture."""

import pytest
import torch

from vq.zoo.pooling import pool


def test_pooling_gives_the_means_of_all_levels_then_their_deviations() -> None:
    """A map of 1 and 3 in equal shares has mean 2 and deviation 1."""
    one = torch.tensor([1.0, 3.0]).repeat(1, 2, 2).view(1, 2, 2, 2)
    assert pool([one, one])[0].tolist() == pytest.approx([2.0] * 4 + [1.0] * 4, abs=1e-4)


def test_a_flat_map_has_a_finite_gradient() -> None:
    """The root of zero would not."""
    flat = torch.ones(1, 1, 4, 4, requires_grad=True)
    pool([flat]).sum().backward()
    assert torch.isfinite(flat.grad).all()
