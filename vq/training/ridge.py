"""The kernel part of a teacher: ridge regression in closed form, where labelled videos are few.

The score of a video is the mean over the experts of what the kernel of each says, and all of them
are fitted together. Experts add up: how two of them go together is more than few videos can tell,
and is where support vectors on all columns lose. How far a likeness reaches and how strong the
ridge is are what is least wrong of videos that are left out.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from vq.models.kernel import likeness
from vq.models.teacher import Kernels, Teacher
from vq.training.training_data import TrainingData

RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Of the likeness, per squared standard deviation of a column."""
RIDGES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""In units of a video's likeness to itself."""
FEWEST = 20
"""Labelled videos that all experts describe; below, there is no kernel part."""


@dataclass(frozen=True, eq=False)
class _Fit:
    weight: Float[Tensor, " videos"]
    left_out: Float[Tensor, " videos"]
    """Standardised rating of each video, as the others have it."""
    rate: float
    error: float


@torch.no_grad()
def add_kernels(teacher: Teacher, data: TrainingData, *, share: float) -> None:
    """Fit the kernel part of a fitted teacher on the primary set's labelled training videos.

    A video that an expert is missing of takes no part. With fewer than `FEWEST`, or ratings that
    are all alike, the teacher stays as it is.

    `share` is that of the kernels in the target features, and so in the logits.
    """
    rows = data.labelled()
    features = data.of(rows)
    whole = ~torch.stack([torch.isnan(one).flatten(1).any(1) for one in features.values()]).any(0)
    rows = rows[whole & (data.dataset[rows] == 0)]
    target = data.target[rows].double()
    mos = data.mos[rows].double()
    if len(rows) < FEWEST or mos.std() < 1e-6:
        return
    features = data.of(rows)
    names = list(teacher.shape.experts)
    initial = {name: teacher.initial(name, features[name]) for name in names}
    rating = (mos - mos.mean()) / mos.std()
    fit = min((_fit(initial, rating, rate) for rate in RATES), key=lambda one: one.error)
    slope, base = _levels(fit.left_out, target)
    shape = replace(teacher.shape, landmarks=len(rows))
    kernels = Kernels(shape)
    for name in names:
        one = kernels.scores[name]
        one.landmarks.copy_(initial[name])
        one.weight.copy_(fit.weight * len(names))
        one.rate.fill_(fit.rate)
    # From the mean feature, in the units that say most: a student's feature is never below zero.
    middle = teacher(features).feature.double().mean(0)
    head = teacher.head.weight.double()
    reach = middle.square()[:, None] * head.T
    back = reach @ torch.linalg.pinv(head @ reach)
    kernels.direction.copy_(back @ slope)
    rest = base - teacher.head.bias.double() - head @ middle
    kernels.offset.copy_(middle + back @ (rest - rest.mean()))
    kernels.share.fill_(share)
    teacher.kernels, teacher.shape = kernels, shape


def _fit(initial: dict[str, Tensor], rating: Float[Tensor, " videos"], rate: float) -> _Fit:
    """The best ridge for a rate."""
    kernel = torch.zeros(len(rating), len(rating), dtype=torch.float64)
    for one in initial.values():
        kernel += likeness(one.double(), one.double(), rate)
    height, vectors = torch.linalg.eigh(kernel)
    projected, unit = vectors.T @ rating, kernel.diagonal().mean()
    fits = []
    for ridge in RIDGES:
        inverse = 1 / (height.clamp_min(0) + ridge * unit)
        weight = vectors @ (inverse * projected)
        # What a ridge that never saw a video is wrong by, without fitting one for each video.
        wrong = weight / (vectors.square() @ inverse)
        fits.append(_Fit(weight, rating - wrong, rate, wrong.square().mean().item()))
    return min(fits, key=lambda fit: fit.error)


def _levels(
    score: Float[Tensor, " videos"], target: Float[Tensor, "videos levels"]
) -> tuple[Float[Tensor, " levels"], Float[Tensor, " levels"]]:
    """Logits of the levels as a line in the score: slopes and values at 0, by cross entropy."""
    line = torch.zeros(2, target.shape[1], dtype=torch.float64)
    design = torch.stack([score, torch.ones_like(score)], 1)
    size = line.numel()
    for _ in range(20):  # Newton's steps; the loss is convex, a little ridge makes it strictly so
        probability = (design @ line).softmax(1)
        slope = design.T @ (probability - target) / len(score) + 1e-4 * line
        bend = torch.diag_embed(probability) - probability[:, :, None] * probability[:, None]
        curve = torch.einsum("na,nb,nkl->akbl", design, design, bend).reshape(size, size)
        curve = curve / len(score) + 1e-4 * torch.eye(size, dtype=torch.float64)
        line -= torch.linalg.solve(curve, slope.reshape(-1)).reshape(line.shape)
    # Of levels that all rise alike a softmax takes no note.
    return line[0] - line[0].mean(), line[1] - line[1].mean()
