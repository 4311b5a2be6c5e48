"""What people would say of each video, by teachers that have not seen its content."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float64, Int64, Shaped

from vq.data.score_distribution import expectation
from vq.training.probe_recipe import PROBE
from vq.training.teach import teach
from vq.training.training_data import TrainingData
from vq.words import count


def out_of_fold(
    data: TrainingData,
    rows: Int64[np.ndarray, " rows"],
    families: Sequence[str],
    *,
    folds: int,
    rounds: int,
    seed: int,
) -> Float64[np.ndarray, " rows"]:
    """Out-of-fold scores by the recipe of trials, each from the set that its video is of.

    Nothing of a video's family takes part in its prediction: no epoch is chosen by a fold that
    is held out either, for all epochs are run.

    `rows` are the labelled videos to predict, and all there is to learn from. Videos of one family
    are in one fold; there are fewer folds if there are fewer families. In each round the families
    are dealt anew; the scores are the means.

    Raises:
        ValueError: fewer than two families.
    """
    values = data.values.numpy().astype(np.float64)
    scores = np.zeros(len(rows))
    for round_number in range(rounds):
        fold = deal(families, folds, rng=np.random.default_rng([seed, round_number]))
        for number in range(fold.max() + 1):
            held_out = torch.from_numpy(rows[fold == number])
            train = torch.from_numpy(rows[fold != number])
            # Validation on what was learnt: its loss falls to the end, so that no fold chooses.
            part = replace(data, train=train, validation=train)
            teacher = teach(part, params=PROBE, seed=seed + round_number)
            with torch.inference_mode():
                logits = teacher(data.of(held_out)).logits
                levels = teacher.alignment(logits, data.dataset[held_out]).softmax(1)
            scores[fold == number] += expectation(levels.numpy(), values) / rounds
    return scores


def deal(
    families: Sequence[str], folds: int, *, rng: np.random.Generator
) -> Shaped[np.ndarray, " rows"]:
    """The fold of each row: whole families, as many in each fold as in any other, or one more.

    Raises:
        ValueError: fewer than two families, of which nothing can be held out.
    """
    names, of = np.unique(np.asarray(families, str), return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"{count(len(names), 'family', 'families')} cannot be parted")
    return (rng.permutation(len(names)) % min(folds, len(names)))[of]
