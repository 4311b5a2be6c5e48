"""From tables and the cache of features to training data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float32

from vq.data import card as cards
from vq.data import manifest as manifests
from vq.data import rating_scales, score_distribution, split
from vq.data.card import Card
from vq.errors import DataError
from vq.features import store
from vq.training.training_data import StudentInput, TrainingData


@dataclass(frozen=True, eq=False)
class Dataset:
    """The videos that can be learnt from; row n is the same video everywhere."""

    manifest: pd.DataFrame
    """Accepted videos that have features; the column `split` has the side of each."""
    card: Card
    splits: pd.DataFrame
    """The side of each content, in `split` and in repeats (`vq.data.split`)."""
    features: Mapping[str, Float32[np.ndarray, "videos ..."]]
    """Initial features by expert."""

    def training_data(
        self, *, levels: int, column: str = "split", sight: StudentInput | None = None
    ) -> TrainingData:
        """What there is to learn from on one split.

        K is `levels`; `column` names the split in `splits`, and `sight` is in the order of the
        manifest.

        Raises:
            DataError: as `assemble`.
        """
        side = split.of_videos(self.manifest, self.splits, column).tolist()
        return assemble(self.manifest, self.card, side, self.features, count=levels, sight=sight)


def read(
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    *,
    experts: Sequence[str] | None = None,
) -> Dataset:
    """The videos that extraction could read, with the features of experts.

    The index of the features names the videos that have none; experts are all of it by default.

    Raises:
        DataError: a file cannot be read, or the index has no such expert.
    """
    table = manifests.read(accepted)
    table = table[~table["sha256"].isin(list(store.failed(features)))].reset_index(drop=True)
    sides = split.read(splits)
    return Dataset(
        manifest=table.assign(split=split.of_videos(table, sides).to_numpy()),
        card=cards.load(card),
        splits=sides,
        features=store.load(features, table["sha256"].tolist(), experts),
    )


def assemble(
    manifest: pd.DataFrame,
    card: Card,
    side: Sequence[str],
    features: Mapping[str, np.ndarray],
    *,
    count: int,
    sight: StudentInput | None = None,
) -> TrainingData:
    """Put together what there is to learn from.

    The scale of the card gives the `count` levels their values. Rows of other sets have
    distributions over the same levels, from end to end of their own scale; they train, and never
    validate. `side` (`train`, `validation` or `test` of each video), features and `sight` are in
    the order of the manifest.

    Raises:
        DataError: too few labelled videos of the primary data set to fit on, or to validate on.
    """
    values = score_distribution.values(float(card.scale.min), float(card.scale.max), count)
    mos, std = rating_scales.on_primary_scale(manifest, card)
    dataset = rating_scales.number(manifest, card)
    where = np.asarray(side)
    rated = np.isfinite(mos) & (dataset == 0)
    validation = np.flatnonzero((where == "validation") & rated)
    train = np.flatnonzero(where == "train")
    for name, rows in {"train": train[rated[train]], "validation": validation}.items():
        if len(rows) < 4 or np.ptp(mos[rows]) == 0:
            raise DataError(
                f"the {name} split has {len(rows)} labelled videos of {card.name} with "
                f"{len(set(mos[rows]))} different mos; "
                "at least 4 that differ are needed: bring more contents, or another split.salt"
            )
    return TrainingData(
        features={
            name: torch.from_numpy(np.asarray(f, np.float32)) for name, f in features.items()
        },
        target=torch.from_numpy(score_distribution.distribution(mos, std, values)),
        mos=torch.from_numpy(mos),
        values=torch.from_numpy(values.astype(np.float32)),
        train=torch.from_numpy(train),
        validation=torch.from_numpy(validation),
        sight=sight,
        dataset=torch.from_numpy(dataset),
        content=torch.from_numpy(pd.factorize(manifest["content"])[0].astype(np.int64)),
    )
