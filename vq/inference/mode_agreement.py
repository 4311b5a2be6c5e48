"""For `evaluate`: the agreement of each scoring mode, and what it costs to decode."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vq.inference.card import Card
from vq.inference.modes import MODES
from vq.inference.score_all_modes import score_all_modes
from vq.metrics import agreement, weighted
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import as_json, rounded
from vq.workers.process_pool import cores


def modes(
    rows: pd.DataFrame, videos: Path, card: Card, network: Path, *, most: int, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Score rated videos from their files in every mode that the student knows.

    `rows` have `video`, `mos` and `content`. Of more than `most`, so many are drawn, by the seed of
    the bootstrap: a large test split would take hours.

    Returns:
        By mode: `srcc` with the ratings and the ends of its interval (contents resampled, the same
        draws for every mode), `exact_srcc` with the exact scores, `decoded`, the mean share of a
        video's packets that are decoded, and `moments`, the mean number that the network sees.

    Raises:
        VideoError: a video cannot be decoded any more.
    """
    available = [mode for mode in MODES if mode == "exact" or mode in card.modes]
    if len(available) == 1:
        return {}
    if len(rows) > most:
        rows = rows.sample(most, random_state=bootstrap.seed).sort_index()
    files = [videos / video for video in rows["video"]]
    mode_scores = [scores for scores, _ in score_all_modes(card, network, files, jobs=cores(0))]
    mos, contents = rows["mos"].to_numpy(np.float64), rows["content"].to_numpy(str)
    weights = bootstrap.draw(contents)
    exact = np.array([one["exact"].score for one in mode_scores])
    summary: dict[str, Any] = {}
    for mode in available:
        score = np.array([card.corrected(one[mode].score, one[mode].mode) for one in mode_scores])
        samples = weighted.srcc(score, mos, weights)
        agrees = agreement.srcc(score, mos)
        summary[mode] = {
            "srcc": as_json(bootstrap.interval(agrees, samples)),
            "exact_srcc": agreement.srcc(score, exact),
            "decoded": float(np.mean([one[mode].decoded for one in mode_scores])),
            "moments": float(np.mean([one[mode].moments for one in mode_scores])),
        }
    return rounded(summary)
