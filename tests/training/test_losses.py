"""Losses, against numbers worked out by hand."""

import math

import pytest
import torch

from vq.training import losses
from vq.training.probe_recipe import PROBE

VALUES = torch.tensor([1.0, 2.0, 3.0])


def prediction(
    logits: torch.Tensor,
    target: torch.Tensor,
    *,
    dataset: list[int] | None = None,
    content: list[int] | None = None,
    shift: torch.Tensor | None = None,
    **weights: float,
) -> torch.Tensor:
    """The loss with both agreements at weight 1; `shift` aligns the other data set."""
    which = torch.tensor(dataset or [0] * len(target))
    aligned = logits if shift is None else logits + which[:, None] * shift
    return losses.prediction(
        logits,
        target,
        VALUES,
        PROBE.model_copy(update={"plcc": 1.0, "rank": 1.0} | weights),
        dataset=which,
        content=torch.tensor(content or list(range(len(target)))),
        aligned=aligned,
    )


def test_cross_entropy_of_even_odds() -> None:
    """Equal logits over three levels cost log 3, whatever the label."""
    target = torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])

    assert losses.cross_entropy(torch.zeros(2, 3), target).item() == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        pytest.param([0.0, 50.0, 0.0], [0.0, 1.0, 0.0], 0, id="the-same"),
        pytest.param([50.0, 0.0, 0.0], [0.0, 1.0, 0.0], 1, id="next-level"),
        pytest.param([50.0, 0.0, 0.0], [0.0, 0.0, 1.0], 2, id="two-levels-away"),
        # Cumulative 1/3, 2/3, 1 against .2, .5, 1: (2/15)^2 + (1/6)^2.
        pytest.param([0.0, 0.0, 0.0], [0.2, 0.3, 0.5], 4 / 225 + 1 / 36, id="spread"),
    ],
)
def test_emd_counts_how_far_levels_are(
    logits: list[float], target: list[float], expected: float
) -> None:
    """Cross entropy would find the two wrong levels equally wrong."""
    found = losses.emd(torch.tensor([logits]), torch.tensor([target]))

    assert found.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("part", ["cross_entropy", "emd", "plcc", "rank"])
def test_a_prediction_is_the_weighted_sum_of_its_parts(part: str) -> None:
    """Half the weight, half of that part."""
    logits, target = torch.eye(3).roll(1, 0), 0.8 * torch.eye(3) + 0.2 / 3
    none = dict.fromkeys(("cross_entropy", "emd", "plcc", "rank"), 0.0)
    score, mos = logits.softmax(1) @ VALUES, target @ VALUES
    alone = {
        "cross_entropy": losses.cross_entropy(logits, target),
        "emd": losses.emd(logits, target),
        "plcc": losses.plcc(score, mos),
        "rank": losses.rank(score, mos, mos.std(correction=0)),
    }

    found = prediction(logits, target, **none | {part: 0.5})

    assert found.item() > 0
    assert found.item() == pytest.approx(alone[part].item() / 2)


def test_plcc_is_zero_in_agreement_and_one_in_contradiction() -> None:
    """Any rising line agrees, any falling one contradicts."""
    mos = torch.tensor([1.0, 2.0, 4.0])

    assert losses.plcc(10 * mos - 3, mos).item() == pytest.approx(0, abs=1e-6)
    assert losses.plcc(-mos, mos).item() == pytest.approx(1, abs=1e-6)


def test_rank_counts_only_pairs_in_the_wrong_order() -> None:
    """Of three scores one pair is swapped, by 1: twice among nine, over the spread of mos."""
    mos = torch.tensor([1.0, 2.0, 3.0])
    spread = math.sqrt(2 / 3)

    assert losses.rank(mos * 7, mos, torch.tensor(spread)).item() == 0
    swapped = losses.rank(torch.tensor([2.0, 1.0, 3.0]), mos, torch.tensor(spread))
    assert swapped.item() == pytest.approx(2 / 9 / spread)


def test_an_unlabelled_video_takes_no_part_in_a_prediction_loss() -> None:
    """Its logits get no gradient; those of the others do."""
    logits = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], requires_grad=True)
    target = torch.eye(3)
    target[1] = torch.nan

    prediction(logits, target).backward()

    assert logits.grad is not None
    assert logits.grad[1].abs().sum() == 0
    assert (logits.grad[[0, 2]].abs().sum(1) > 0).all()


def test_a_batch_without_labels_costs_nothing() -> None:
    """A batch of unlabelled videos must not end training with NaN."""
    logits = torch.ones(2, 3, requires_grad=True)

    assert prediction(logits, torch.full((2, 3), torch.nan)).item() == 0


def test_agreement_is_counted_within_each_data_set() -> None:
    """Two sets in perfect order, one rated a level lower: pooled they disagree, apart they do not.

    Cross entropy is the same for both; what is left is agreement.
    """
    logits = torch.tensor([[3.0, 0, 0], [0, 0, 3.0], [3.0, 0, 0], [0, 0, 3.0]])
    target = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    entropy = losses.cross_entropy(logits, target)

    apart = prediction(logits, target, dataset=[0, 0, 1, 1]) - entropy
    pooled = prediction(logits, target) - entropy

    assert apart.item() == pytest.approx(0, abs=1e-6)
    assert pooled.item() > 0.1


def test_agreement_weighs_sets_by_their_videos() -> None:
    """Four videos in order (0), two upside down (1), a set of one that ranks nothing: 2 / 6."""
    up, down = torch.tensor([[1.0, 0, 0], [0, 0, 1]]), torch.tensor([[0, 0, 1.0], [1, 0, 0]])
    logits, target = 9 * torch.cat([up, up, up, up[:1]]), torch.cat([up, up, down, down[:1]])
    entropy = losses.cross_entropy(logits, target)

    found = prediction(logits, target, dataset=[0, 0, 0, 0, 1, 1, 2], rank=0.0) - entropy

    assert found.item() == pytest.approx(1 / 3, rel=1e-4)


def test_two_videos_rated_alike_do_not_outweigh_a_batch() -> None:
    """Their wrong order costs in units of the batch's spread, not of the nothing between them."""
    logits = torch.tensor([[3.0, 0, 0], [0, 0, 3.0], [0, 1.0, 0], [0, 1.0, 0.1]])
    target = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0.999, 0.001], [0, 1, 0]])

    found = prediction(logits, target, dataset=[0, 0, 1, 1], plcc=0.0, cross_entropy=0.0)

    assert 0 < found.item() < 0.05


def test_alignment_moves_classification_and_not_agreement() -> None:
    """A shift that makes the other set's labels likely lowers cross entropy, by just that much."""
    logits, target = torch.zeros(4, 3), torch.eye(3)[[0, 2, 1, 1]]
    dataset, shift = [0, 0, 1, 1], torch.tensor([0.0, 2.0, 0.0])

    gain = prediction(logits, target, dataset=dataset) - prediction(
        logits, target, dataset=dataset, shift=shift
    )

    # The other set's two of four videos: log 3 before, log(2 + e^2) - 2 after.
    assert gain.item() == pytest.approx((math.log(3) - math.log(2 + math.e**2) + 2) / 2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("mse", 2.5, id="mse"),  # (1 + 4) / 2
        pytest.param("smooth_l1", 1.0, id="smooth-l1"),  # (1 - .5 + 2 - .5) / 2
        pytest.param("cosine", 1 - 4 / (2 * math.sqrt(5)), id="cosine"),
    ],
)
def test_feature_losses_by_hand(kind: str, expected: float) -> None:
    """First (0, 2) against second (1, 4): differences 1 and 2."""
    first, second = torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 4.0]])
    if kind == "cosine":
        second = torch.tensor([[1.0, 2.0]])

    found = losses.feature(first, second, mask=torch.tensor([True]), kind=kind, stop_gradient=True)

    assert found.item() == pytest.approx(expected)


@pytest.mark.parametrize("stop", [True, False])
def test_stop_gradient_keeps_the_teacher_out(*, stop: bool) -> None:
    """With it, L3 teaches the student alone."""
    first = torch.tensor([[1.0, 0.0]], requires_grad=True)
    second = torch.tensor([[0.0, 1.0]], requires_grad=True)

    losses.feature(
        first, second, mask=torch.tensor([True]), kind="mse", stop_gradient=stop
    ).backward()

    assert (first.grad is None) == stop
    assert second.grad is not None


def test_within_asks_for_the_order_of_versions_of_one_content_alone() -> None:
    """Right order costs little, wrong order much; another content's videos are not compared."""
    mos, spread = torch.tensor([5.0, 3.0, 1.0, 4.0]), torch.tensor(1.0)
    content = torch.tensor([0, 0, 0, 1])

    right = losses.within(mos, mos, content, spread)
    wrong = losses.within(-mos, mos, content, spread)
    other = losses.within(torch.tensor([5.0, 3.0, 1.0, -9.0]), mos, content, spread)

    assert right < 0.01
    assert wrong > 5
    assert other == right


def test_within_is_nothing_where_no_content_has_two_versions_that_differ() -> None:
    """No pair, no loss, and a gradient all the same."""
    score = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = losses.within(
        score, torch.tensor([3.0, 3.05, 1.0]), torch.tensor([0, 0, 1]), torch.ones(())
    )

    loss.backward()

    assert loss.item() == 0
    assert score.grad is not None
    assert torch.isfinite(score.grad).all()
