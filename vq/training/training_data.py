"""What there is to learn from: labels, the experts' features, and what the student sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor


@runtime_checkable
class StudentInput(Protocol):
    """What the student sees of the videos."""

    def draw(self, rows: Int[Tensor, " rows"], seeds: Int[Tensor, " rows"]) -> Tensor:
        """For a training step: part of it, chosen and mirrored at random, each row by its seed."""

    def whole(self, rows: Int[Tensor, " rows"]) -> Tensor:
        """All of it, as in scoring."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A data set, ready for training; row n is the same video everywhere."""

    features: Mapping[str, Float[Tensor, "videos ..."]]
    """Initial features by expert; NaN rows where an expert is missing."""
    target: Float[Tensor, "videos levels"]
    """Label distributions; NaN rows where a video has no label. Comparable within a data set."""
    mos: Float[Tensor, " videos"]
    """Ratings on the scale of `values`; NaN where a video has no label. The mean of a row of
    `target` is near it, and no nearer to an end of the scale than a distribution can be."""
    values: Float[Tensor, " levels"]
    """Scores of the levels, ascending."""
    train: Int[Tensor, " train"]
    """Rows of the training videos, unlabelled ones included."""
    validation: Int[Tensor, " validation"]
    """Rows of the labelled validation videos, all of the primary data set."""
    dataset: Int[Tensor, " videos"]
    """Which data set a video is of; 0 is the primary."""
    content: Int[Tensor, " videos"]
    """Number of what a video shows; versions of one source have the same."""
    sight: StudentInput | None = None

    @property
    def others(self) -> int:
        """Data sets beside the primary."""
        return int(self.dataset.max())

    def labelled(self) -> Int[Tensor, " labelled"]:
        """Rows of the training videos that have a label."""
        return self.train[~torch.isnan(self.mos[self.train])]

    def of(
        self, rows: Int[Tensor, " rows"], *, device: torch.device | None = None
    ) -> dict[str, Tensor]:
        """The initial features of some videos; brought to a device, if one is named."""
        return {name: value[rows].to(device) for name, value in self.features.items()}


@dataclass(frozen=True, eq=False)
class Vectors:
    """A student that sees cached features: nothing to choose or to mirror."""

    features: Float[Tensor, "videos width"]

    def draw(self, rows: Int[Tensor, " rows"], seeds: Int[Tensor, " rows"]) -> Tensor:
        """The features."""
        return self.features[rows]

    def whole(self, rows: Int[Tensor, " rows"]) -> Tensor:
        """The features."""
        return self.features[rows]


@dataclass(frozen=True, eq=False)
class Pictures:
    """A student that sees the views of videos, which stay on disk until they are drawn."""

    views: Sequence[UInt8[np.ndarray, "moments 4 side side"]]
    moments: int
    """How many of a video's moments a training step sees."""

    def draw(
        self, rows: Int[Tensor, " rows"], seeds: Int[Tensor, " rows"]
    ) -> Shaped[Tensor, "..."]:
        """Some moments of each video, mirrored left to right half of the time."""
        drawn = []
        for row, seed in zip(rows.tolist(), seeds.tolist(), strict=True):
            generator = torch.Generator().manual_seed(seed)
            view = self.views[row]
            chosen = torch.randperm(len(view), generator=generator)[: self.moments].sort().values
            picture = torch.from_numpy(view[chosen.numpy()])
            drawn.append(picture.flip(-1) if torch.rand((), generator=generator) < 0.5 else picture)
        return torch.stack(drawn)

    def whole(self, rows: Int[Tensor, " rows"]) -> Shaped[Tensor, "..."]:
        """Every moment."""
        return torch.from_numpy(np.stack([self.views[row] for row in rows.tolist()]))
