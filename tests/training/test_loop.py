"""The training loop: when it ends, with which weights, and how fast it gets there."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vq.errors import DivergedError, ParamsError
from vq.training.checkpoint import Checkpoint
from vq.training.loop import Objective, fit, rate, shuffled
from vq.training.probe_recipe import PROBE

ONCE = PROBE.model_copy(update={"epochs": 1, "batch": 2, "weight_decay": 0.0})
"""Four steps of eight rows."""


class Weight(Objective):
    """One weight, 0 at first, whose loss in step n is `slopes[n]` times it."""

    def __init__(self, slopes: Iterable[float]) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)
        self.slopes = iter(slopes)

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weight, for each row."""
        return {"weight": self.model.weight.expand(len(rows), 1)}

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """See the class."""
        return next(self.slopes) * outputs["weight"].mean()

    def validate(self) -> float:
        """As good as any."""
        return 0.0


class Counted(Weight):
    """A weight that counts epochs; what validation says is known beforehand."""

    def __init__(self, validation: list[float], loss: float) -> None:
        super().__init__([])
        self.told: Iterator[float] = iter(validation)
        self.fixed = loss
        self.epochs = 0

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """As given."""
        return outputs["weight"].sum() * 0 + self.fixed

    def validate(self) -> float:
        """As given."""
        self.epochs += 1
        with torch.no_grad():
            self.model.weight.fill_(float(self.epochs))
        return next(self.told)


def run(validation: list[float], *, loss: float = 1.0, patience: int = 3) -> tuple[float, int]:
    """Train a weight that counts epochs; give it as it is in the end, and how many there were."""
    objective = Counted(validation, loss)
    fit(
        objective.model,
        objective=objective,
        rows=torch.arange(8),
        content=torch.zeros(8, dtype=torch.int64),
        schedule=PROBE.model_copy(update={"epochs": len(validation), "patience": patience}),
        seed=0,
    )
    return objective.model.weight.item(), objective.epochs


def moved(slopes: Iterable[float], **changes: float | str) -> float:
    """How many full steps down the weight is in the end; Adam takes one where slopes are alike."""
    objective = Weight(slopes)
    schedule = ONCE.model_copy(update=changes)
    fit(
        objective.model,
        objective=objective,
        rows=torch.arange(8),
        content=torch.zeros(8, dtype=torch.int64),
        schedule=schedule,
        seed=0,
    )
    return -objective.model.weight.item() / schedule.learning_rate


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


def test_the_average_of_the_weights_is_what_is_kept() -> None:
    """Four steps of 1, decay a half: 1, then (1 + 2) / 2, (1.5 + 3) / 2, (2.25 + 4) / 2."""
    assert moved([1.0] * 4) == pytest.approx(4, rel=1e-4)
    assert moved([1.0] * 4, ema=0.5) == pytest.approx(3.125, rel=1e-4)


def test_the_average_of_the_weights_is_what_is_validated() -> None:
    """It is worn for validation alone: training goes on from the weights themselves."""
    worn = []

    class Seen(Weight):
        def validate(self) -> float:
            worn.append(-self.model.weight.item() / ONCE.learning_rate)
            return -float(len(worn))

    objective = Seen([1.0] * 8)
    schedule = ONCE.model_copy(update={"epochs": 2, "ema": 0.5})
    fit(
        objective.model,
        objective=objective,
        rows=torch.arange(8),
        content=torch.zeros(8, dtype=torch.int64),
        schedule=schedule,
        seed=0,
    )

    # The second epoch is of steps of half the length: from 4 on, 4.5, 5, 5.5, 6.
    average = 3.125
    for weight in (4.5, 5.0, 5.5, 6.0):
        average = (average + weight) / 2
    assert worn == pytest.approx([3.125, average], rel=1e-4)
    assert -objective.model.weight.item() / ONCE.learning_rate == pytest.approx(average, rel=1e-4)


def test_a_warm_up_rises_to_the_full_rate() -> None:
    """Over an epoch of four steps: 1/4 + 2/4 + 3/4 + 1."""
    assert moved([1.0] * 4, warmup=1.0) == pytest.approx(2.5, rel=1e-4)


def test_the_rate_decays_as_a_cosine_whatever_the_warm_up() -> None:
    """The sixth of ten epochs has half the rate; two of warm-up, of four steps each, are eight."""
    plain = PROBE.model_copy(update={"epochs": 10})
    warm = PROBE.model_copy(update={"epochs": 10, "warmup": 2.0})

    assert rate(plain, 0, 0, 4) == 1
    assert rate(plain, 5, 0, 4) == rate(warm, 5, 0, 4) == pytest.approx(0.5)
    assert rate(warm, 0, 0, 4) == 1 / 8
    assert rate(warm, 1, 2, 4) == pytest.approx(7 / 8 * rate(plain, 1, 2, 4))
    assert rate(warm, 1, 3, 4) == rate(plain, 1, 3, 4)


def test_a_gradient_is_cut_down_to_its_norm() -> None:
    """A slope of 100 then counts as the slope of 1 before it, and Adam's step stays a full one."""
    assert moved([1.0, 100.0, 1.0, 100.0], clip=1.0) == pytest.approx(4, rel=1e-4)
    assert moved([1.0, 100.0, 1.0, 100.0], clip=1e6) < 3.5


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_half_precision_needs_a_gpu() -> None:
    """The error says what to set instead."""
    with pytest.raises(ParamsError, match=r"16-mixed needs a GPU.*bf16-mixed"):
        moved([1.0] * 4, precision="16-mixed")


def test_a_run_that_is_over_is_not_gone_on_with(tmp_path: Path) -> None:
    """A checkpoint of its last epoch gives its weights, and takes no further step."""
    objective = Weight([1.0] * 4)
    for _ in range(2):
        fit(
            objective.model,
            objective=objective,
            rows=torch.arange(8),
            content=torch.zeros(8, dtype=torch.int64),
            schedule=ONCE,
            seed=0,
            checkpoint=Checkpoint(tmp_path / "it", key="k"),
        )
        assert -objective.model.weight.item() / ONCE.learning_rate == pytest.approx(4, rel=1e-4)


def _shuffled(together: int, seed: int = 0) -> list[int]:
    """Twelve rows from 4 on, three of each content; rows before them are not trained on."""
    content = torch.tensor([9, 9, 9, 9] + [0, 1, 2, 3] * 3)
    generator = torch.Generator().manual_seed(seed)
    return shuffled(torch.arange(4, 16), content, together, generator).tolist()


@pytest.mark.parametrize("together", [1, 2, 3, 5])
def test_every_row_comes_once_in_another_order(together: int) -> None:
    """Whatever stands together; another generator gives another order, the same the same."""
    orders = [_shuffled(together, seed) for seed in (0, 0, 1)]

    assert sorted(orders[0]) == list(range(4, 16))
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_versions_of_a_content_stand_together() -> None:
    """Three of each: by twos there is a pair and a single one, by threes all stand together."""

    def runs(together: int) -> list[int]:
        contents = [(row - 4) % 4 for row in _shuffled(together)]
        lengths = [1]
        for before, after in pairwise(contents):
            lengths = [*lengths[:-1], lengths[-1] + 1] if before == after else [*lengths, 1]
        return lengths

    assert runs(3) == [3] * 4
    assert max(runs(2)) >= 2
    assert sum(length >= 2 for length in runs(2)) >= 4
