"""Stage: choose the experts that enter the teacher."""

import json
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from vq.data import card as cards
from vq.data import manifest as manifests
from vq.data import split
from vq.data.files import atomic
from vq.errors import DataError, ParamsError
from vq.learn.assemble import assemble, learnable
from vq.learn.lesson import Vectors
from vq.learn.loop import determinism
from vq.learn.probe import PROBE
from vq.params import Prune
from vq.prune import choose, similarity, trial
from vq.zoo import features as store

log = logging.getLogger(__name__)


def prune(
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    zoo: Path,
    table: Path,
    *,
    params: Prune,
    seed: int,
) -> None:
    """Keep the candidates (claim 8) that work best together (claim 9), and say why."""
    determinism(threads=1)
    manifest = learnable(manifests.read(accepted), store.failed(features))
    side = split.read(splits)
    described, known = cards.load(card), store.experts(features)
    initial = store.load(features, manifest["sha256"].tolist())
    if params.student not in known:
        raise ParamsError(
            f"prune.student: {params.student!r} is not among extract.experts ({', '.join(known)})"
        )
    fused = {name: value.mean(1) if value.ndim == 3 else value for name, value in initial.items()}
    sight = Vectors(torch.from_numpy(np.nan_to_num(fused[params.student])))
    lessons = [
        assemble(manifest, described, places, initial, count=PROBE.levels, sight=sight)
        for places in repeated(manifest, side, params.repeats)
    ]

    plain = trial.plain(lessons, seed=seed)
    log.info("undistilled student: %.4f", plain.mean())
    effects = {}
    for name in known:
        effects[name] = trial.effect((name,), lessons, seed=seed)
        log.info(
            "%s: own head %.4f, student %.4f",
            name,
            effects[name].teacher.mean(),
            effects[name].student.mean(),
        )
    # Videos of other data sets train, but the primary's alone are dealt anew to either side.
    trained = [int((one.dataset[one.labelled()] == 0).sum()) for one in lessons]
    overlap = float(
        np.mean([len(one.validation) / n for one, n in zip(lessons, trained, strict=True)])
    )
    known_to_all = (split.of_videos(manifest, side) == "train").to_numpy()
    twins = similarity.alike(
        {name: value[known_to_all] for name, value in fused.items()},
        {name: float(effect.teacher.mean()) for name, effect in effects.items()},
        params.max_similarity,
    )
    judged = choose.judge(effects, plain, twins, test_over_train=overlap, params=params)
    chosen, steps = choose.combine(
        [one for one in judged if one.candidate],
        lambda names: trial.effect(names, lessons, seed=seed),
        test_over_train=overlap,
        params=params,
    )
    single = max(effects, key=lambda name: float(effects[name].teacher.mean()))
    outcome = {"experts": chosen, "single": single, "steps": [asdict(step) for step in steps]}
    with atomic(zoo) as partial:
        partial.write_text(json.dumps(outcome, indent=2) + "\n")
    with atomic(table) as partial:
        rows(judged, plain, chosen, known).to_csv(partial, index=False, float_format="%.4f")
    log.info("kept %s of %d experts", ", ".join(chosen), len(known))


def repeated(manifest: pd.DataFrame, splits: pd.DataFrame, count: int) -> list[list[str]]:
    """The side of each video under the first `count` repeated splits; test videos are on none.

    Raises:
        DataError: the splits file has fewer repeats.
    """
    have = [name for name in map(str, splits) if name.startswith("repeat_")]
    if len(have) < count:
        raise DataError(
            f"prune.repeats is {count}, split.repeats gives {len(have)}: raise the latter"
        )
    return [split.of_videos(manifest, splits, name).tolist() for name in have[:count]]


def rows(
    judged: list[choose.Judged],
    plain: np.ndarray,
    chosen: tuple[str, ...],
    known: dict[str, dict[str, dict[str, str]]],
) -> pd.DataFrame:
    """The table that a reviewer reads: one row for each expert, best first effect first."""
    table = pd.DataFrame(
        [
            {
                "expert": one.name,
                "family": known[one.name]["tags"].get("family", ""),
                "pretext": known[one.name]["tags"].get("pretext", ""),
                "first_effect": one.effect.student.mean(),
                "first_effect_sd": one.effect.student.std(),
                "updated": one.effect.teacher.mean(),
                "plain": plain.mean(),
                "gain": one.gain,
                "claim8": one.claim8,
                "similarity_to": one.twin[0] if one.twin else "",
                "similarity": one.twin[1] if one.twin else None,
                "candidate": one.candidate,
                "kept": one.name in chosen,
                "reason": one.reason
                + (
                    ""
                    if one.name in chosen or not one.candidate
                    else "; the combination is no better for it"
                ),
            }
            for one in judged
        ]
    )
    return table.sort_values(["first_effect", "expert"], ascending=[False, True])
