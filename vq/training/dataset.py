"""From tables and caches to a lesson."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from vq.data import rating_scales, score_distribution
from vq.data.card import Card
from vq.errors import DataError
from vq.training.training_data import StudentInput, TrainingData


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

    Args:
        manifest: accepted videos.
        card: of the data set; its scale gives the levels their values. Rows of other sets have
            distributions over the same levels, from end to end of their own scale; they train, and
            never validate.
        side: `train`, `validation` or `test` for each video, in the order of the manifest.
        features: initial features by expert, in the order of the manifest.
        count: K, how many quality levels.
        sight: what the student sees, in the order of the manifest.

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
        values=torch.from_numpy(values.astype(np.float32)),
        train=torch.from_numpy(train),
        validation=torch.from_numpy(validation),
        sight=sight,
        dataset=torch.from_numpy(dataset),
        content=torch.from_numpy(pd.factorize(manifest["content"])[0].astype(np.int64)),
    )


def learnable(manifest: pd.DataFrame, failed: Mapping[str, str]) -> pd.DataFrame:
    """The videos that extraction could read; the index of features names the others."""
    return manifest[~manifest["sha256"].isin(list(failed))].reset_index(drop=True)
