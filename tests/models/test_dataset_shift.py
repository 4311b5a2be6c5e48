"""Data sets on a common footing."""

import torch

from vq.models.dataset_shift import REACH, DatasetShift


def test_the_primary_is_never_shifted() -> None:
    """Scores are told on its scale, and each other set has a shift of its own."""
    alignment = DatasetShift(2, 3)
    with torch.no_grad():
        alignment.shift.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 2]]) / REACH)

    found = alignment(torch.ones(4, 3), torch.tensor([2, 0, 1, 0]))

    expected = torch.tensor([[1.0, 1, 3], [1, 1, 1], [2, 1, 1], [1, 1, 1]])
    torch.testing.assert_close(found, expected)


def test_it_starts_where_all_sets_are_alike() -> None:
    """What differs has to be learnt."""
    logits = torch.randn(2, 3)

    assert torch.equal(DatasetShift(1, 3)(logits, torch.tensor([0, 1])), logits)


def test_one_set_needs_no_parameter() -> None:
    """Its bundles and its training are those of a model that never heard of other sets."""
    alone = DatasetShift(0, 3)

    assert not alone.state_dict()
    assert not list(alone.parameters())
