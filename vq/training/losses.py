"""The terms of losses, as small pure functions; `distillation_loss` weighs the student's."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from vq.params import Recipe

MOST = 4096
"""Videos whose pairs are compared at once: a validation split may have 100,000."""
APART = 0.15
"""Share of the ratings' spread by which two versions of a content differ, if their order counts."""


def cross_entropy(
    logits: Float[Tensor, "batch levels"], target: Float[Tensor, "batch levels"]
) -> Float[Tensor, ""]:
    """Mean cross entropy against label *distributions*."""
    return -(target * functional.log_softmax(logits, dim=1)).sum(1).mean()


def emd(
    logits: Float[Tensor, "batch levels"], target: Float[Tensor, "batch levels"]
) -> Float[Tensor, ""]:
    """Mean squared earth mover's distance to label distributions: far levels cost more than near.

    Sum over the levels of the squared difference of the cumulative distributions (Hou et al.,
    2016; NIMA, Talebi and Milanfar, 2018): d levels away, where both are sure.
    """
    # Not by cumsum, of which a GPU knows no deterministic one.
    below = logits.new_ones(logits.shape[1], logits.shape[1]).triu()
    return ((logits.softmax(1) - target) @ below).square().sum(1).mean()


def plcc(score: Float[Tensor, " batch"], mos: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Half of one minus Pearson's correlation, in [0, 1] (FAST-VQA, ECCV 2022)."""
    return (1 - functional.cosine_similarity(score - score.mean(), mos - mos.mean(), dim=0)) / 2


def rank(
    score: Float[Tensor, " batch"], mos: Float[Tensor, " batch"], spread: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Mean hinge over pairs in the wrong order, per unit of the ratings' spread (FAST-VQA).

    All pairs of up to `MOST` videos; of more, those of every second, third, ... video.
    """
    step = -(-len(score) // MOST)
    score, mos = score[::step], mos[::step]
    wrong = (score[:, None] - score) * torch.sign(mos - mos[:, None])
    return functional.relu(wrong).mean() / spread


def within(
    score: Float[Tensor, " batch"],
    mos: Float[Tensor, " batch"],
    content: Int[Tensor, " batch"],
    spread: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """Mean logistic loss over pairs of one content that are rated `APART` or more apart.

    RankNet (Burges et al., ICML 2005), per unit of the ratings' spread: which version of a video
    is the better one does not depend on what it shows. 0 where a batch has no such pair.
    """
    above = (mos[:, None] - mos) / spread
    pairs = (content[:, None] == content) & (above > APART)
    difference = (score[:, None] - score) / spread
    # Four times: a quarter of the spread apart should count as clearly in order.
    loss = functional.softplus(-4 * difference) * pairs
    return loss.sum() / pairs.sum().clamp_min(1)


def prediction(
    logits: Float[Tensor, "batch levels"],
    target: Float[Tensor, "batch levels"],
    values: Float[Tensor, " levels"],
    weights: Recipe,
    *,
    dataset: Int[Tensor, " batch"],
    content: Int[Tensor, " batch"],
    aligned: Float[Tensor, "batch levels"],
) -> Float[Tensor, ""]:
    """A prediction against labels (L1, L2): classification, and agreement of the expected scores.

    Videos without a label have a row of NaN and take no part; 0 where a batch has none with one.

    Ratings of different data sets are not comparable: agreement is that within each set of which
    the batch has two labelled videos, weighed by their number, and classification is of logits
    aligned to the set. Agreement is that of the score that users see, so it is not aligned. So do
    Li, Jiang and Jiang (IJCV 2021, MDTVSFA): ranks and linearity before, error after alignment.

    `aligned` are the logits as the raters of the video's set would have them
    (`vq.models.dataset_shift`); `content` is the number of what a video shows.
    """
    labelled = ~torch.isnan(target).any(1)
    if not labelled.any():
        return (logits.sum() + aligned.sum()) * 0
    logits, aligned = logits[labelled], aligned[labelled]
    target, dataset, content = target[labelled], dataset[labelled], content[labelled]
    loss = weights.cross_entropy * cross_entropy(aligned, target)
    # A teacher's step takes a millisecond or two: what weighs nothing is not computed.
    if weights.emd:
        loss = loss + weights.emd * emd(aligned, target)
    score, mos = logits.softmax(1) @ values, target @ values
    # Of the whole batch: that of two videos of a set, rated alike, would be next to nothing.
    spread = mos.std(correction=0).clamp_min(1e-3)
    sets = [members for number in dataset.unique() if (members := dataset == number).sum() > 1]
    count = sum(members.sum() for members in sets)
    for members in sets:
        share = members.sum() / count
        loss = loss + share * weights.plcc * plcc(score[members], mos[members])
        loss = loss + share * weights.rank * rank(score[members], mos[members], spread)
        if weights.within:
            pairs = within(score[members], mos[members], content[members], spread)
            loss = loss + share * weights.within * pairs
    return loss


def mse(first: Float[Tensor, "batch dim"], second: Float[Tensor, "batch dim"]) -> Float[Tensor, ""]:
    """Mean squared difference of features."""
    return functional.mse_loss(second, first)


def smooth_l1(
    first: Float[Tensor, "batch dim"], second: Float[Tensor, "batch dim"]
) -> Float[Tensor, ""]:
    """Huber's loss of features: outliers weigh less."""
    return functional.smooth_l1_loss(second, first)


def cosine(
    first: Float[Tensor, "batch dim"], second: Float[Tensor, "batch dim"]
) -> Float[Tensor, ""]:
    """One minus the cosine between features: direction matters, length does not."""
    return 1 - functional.cosine_similarity(second, first, dim=1).mean()


FEATURE: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": mse,
    "smooth_l1": smooth_l1,
    "cosine": cosine,
}
"""First against second feature (L3), by the name in params."""


def feature(
    first: Float[Tensor, "batch dim"],
    second: Float[Tensor, "batch dim"],
    *,
    mask: Bool[Tensor, " batch"],
    kind: str,
    stop_gradient: bool,
) -> Float[Tensor, ""]:
    """L3, over the videos of `mask`: those with features of some expert. 0 if there is none."""
    if not mask.any():
        return second.sum() * 0
    target = first.detach() if stop_gradient else first
    return FEATURE[kind](target[mask], second[mask])
