"""The training loop: when it ends, and with which weights."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from vq.errors import DivergedError
from vq.learn.loop import fit
from vq.learn.probe import PROBE


def run(validation: list[float], *, loss: float = 1.0, patience: int = 3) -> tuple[float, int]:
    """Train a weight that counts epochs; give it as it is in the end, and how many there were."""
    model = nn.Linear(1, 1, bias=False)
    told: Iterator[float] = iter(validation)
    epochs = 0

    def validate() -> float:
        nonlocal epochs
        epochs += 1
        with torch.no_grad():
            model.weight.fill_(float(epochs))
        return next(told)

    fit(
        model,
        loss=lambda rows, generator: model.weight.sum() * 0 + loss,
        validate=validate,
        rows=torch.arange(8),
        schedule=PROBE.model_copy(update={"epochs": len(validation), "patience": patience}),
        seed=0,
    )
    return model.weight.item(), epochs


def test_training_ends_when_validation_stops_improving() -> None:
    """Patience counts epochs since the best one; its weights are those kept."""
    weight, epochs = run([3.0, 2.0, 1.0, 1.5, 1.4, 1.3, 1.2, 0.1], patience=3)
    assert epochs == 3 + 3
    assert weight == 3.0


def test_a_later_best_resets_the_patience() -> None:
    """Two epochs without gain, then a gain."""
    weight, epochs = run([3.0, 3.1, 3.2, 1.0, 1.1], patience=3)
    assert (weight, epochs) == (4.0, 5)


@pytest.mark.parametrize(
    ("validation", "loss"),
    [([float("nan")], 1.0), ([1.0, float("inf")], 1.0), ([1.0], float("nan"))],
    ids=["at-once", "later", "in-training"],
)
def test_a_diverged_training_is_an_error(validation: list[float], loss: float) -> None:
    """Its weights must not be taken for trained ones."""
    with pytest.raises(DivergedError, match=r"epoch \d.*lower learning_rate"):
        run(validation, loss=loss)
