"""Stage: list labels that look wrong, for people to review; nothing is dropped."""

import logging
from pathlib import Path

import numpy as np

from vq.data import rating_scales
from vq.duplicates import pairs_table
from vq.duplicates.join import representatives
from vq.files import read_json, write_csv
from vq.metrics import label_outliers
from vq.params import AuditLabels
from vq.training import cross_validation, dataset
from vq.training.loop import determinism
from vq.words import count

log = logging.getLogger(__name__)

LEVELS, FOLDS, ROUNDS = 5, 5, 1
"""Not knobs: dealing the folds three times found no more (EXPERIMENTS.md), and takes three times as
long."""


def audit_labels(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    near_duplicates: Path,
    features: Path,
    zoo: Path,
    suspicious: Path,
    params: AuditLabels,
    seed: int,
) -> None:
    """Hold each label of train and validation against teachers that have not seen its content.

    Labels of test are not looked at: whoever corrects those that a model finds strange makes the
    test agree with the model.

    Contents that the split has joined are held out together. `suspicious` is written: CSV of the
    labels to review (`vq.metrics.label_outliers.listed`).
    """
    determinism(threads=1)
    experts = read_json(zoo)["experts"]
    learnable = dataset.read(accepted, card, splits, features, experts=experts)
    manifest = learnable.manifest
    rows = np.flatnonzero((manifest["split"] != "test") & manifest["mos"].notna())
    # As the split has it: of one fixed camera, where pairs are only reported, all is one family.
    head = representatives(manifest["content"], pairs_table.joined(near_duplicates))
    videos = manifest.iloc[rows]
    expected = cross_validation.out_of_fold(
        learnable.training_data(levels=LEVELS),
        rows,
        [head[content] for content in videos["content"]],
        folds=FOLDS,
        rounds=ROUNDS,
        seed=seed,
    )
    outliers = label_outliers.listed(
        videos.assign(
            expected=rating_scales.on_own_scale(expected, videos, learnable.card),
            error=label_outliers.standard_error(videos),
        ),
        z=params.z,
    )
    write_csv(suspicious, outliers, digits=3)
    log.info("looks wrong: %d of %s: %s", len(outliers), count(len(rows), "label"), suspicious)
