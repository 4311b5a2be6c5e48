"""Likeness of videos."""

import pytest
import torch

from vq.models.kernel import Kernel, likeness


def test_likeness_is_a_gaussian_of_the_distance() -> None:
    """1 for the same features; worked out by hand for a distance of 5."""
    some = torch.tensor([[0.0, 0.0], [3.0, 4.0]])

    found = likeness(some, some, 0.1)

    assert found[0].tolist() == pytest.approx([1.0, 0.0821], abs=1e-4)
    assert found[1].tolist() == pytest.approx([0.0821, 1.0], abs=1e-4)


def test_mixed_precision_leaves_likeness_alone() -> None:
    """A distance is the small difference of large numbers, which bfloat16 would lose."""
    kernel = Kernel(40, 30)
    generator = torch.Generator().manual_seed(0)
    initial = torch.randn(5, 40, generator=generator)
    kernel.landmarks.copy_(torch.randn(30, 40, generator=generator))
    kernel.weight.copy_(torch.randn(30, generator=generator))
    kernel.rate.fill_(0.02)
    whole = kernel(initial)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = kernel(initial)

    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, whole)
