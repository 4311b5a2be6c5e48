"""Stage: choose the experts that enter the teacher."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console

from vq.errors import DataError, ParamsError
from vq.features import store
from vq.files import write_csv, write_json
from vq.params import Extract, Prune
from vq.pruning.dry_run import plan
from vq.pruning.full_size import Full, tunable
from vq.pruning.greedy import ExpertAssessment, MarginalGain
from vq.pruning.select import Selection, select
from vq.pruning.trial import Fidelity, Probe
from vq.pruning.trial_runs import trial_runs
from vq.pruning.trials import Trials
from vq.training import dataset
from vq.training.loop import determinism
from vq.training.probe_recipe import FULL_STUDENT, PROBE
from vq.training.training_data import Pictures, StudentInput, Vectors
from vq.words import count
from vq.zoo.extract import create

log = logging.getLogger(__name__)


def prune(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    trials: Path,
    zoo: Path,
    table: Path,
    similarity: Path,
    params: Prune,
    extract: Extract,
    seed: int,
    jobs: int = 0,
    dry_run: bool = False,
) -> None:
    """Keep the candidates (claim 8) that work best together (claim 9), and say why.

    `trials` are kept in a folder; what is there is used again. `table` has a row for each expert,
    `similarity` the CKA of each pair. `jobs` are processes, 0 for one on each core; no number
    depends on it. Each trial is recorded in MLflow (`vq.pruning.trial_runs`).

    With `dry_run` nothing is written: it prints which trials a run would do, and how long that
    takes.

    Raises:
        DataError: too few candidates, repeats or labels.
        ParamsError: `prune.student` is no expert.
        VqError: a process died; run again, it resumes.
    """
    determinism(threads=1)
    runs, train_features = trials_of(
        accepted=accepted,
        card=card,
        splits=splits,
        features=features,
        trials=trials,
        params=params,
        extract=extract,
        seed=seed,
        jobs=jobs,
        dry_run=dry_run,
    )
    experts = store.experts(features)
    costs = {name: float(entry["gmacs"]) for name, entry in experts.items()}
    if dry_run:
        planned = plan(
            runs,
            lambda: select(runs, train_features, costs, params=params),
            len(experts),
            params=params,
        )
        Console().print(planned.text(), highlight=False, soft_wrap=True)
        return
    with trial_runs() as runs.record:
        selection = select(runs, train_features, costs, params=params)
    steps = [asdict(step) for step in selection.combination.steps]
    outcome = {
        "experts": selection.combination.experts,
        "single": selection.single,
        "effect": params.effect,
        "steps": steps,
    }
    write_json(zoo, outcome)
    write_csv(table, rows(selection, experts, enough=params.join_confidence), digits=4)
    write_csv(
        similarity, selection.alike.reset_index(names="expert", allow_duplicates=True), digits=4
    )
    kept = selection.combination.experts
    log.info("kept %s of %s", ", ".join(kept), count(len(experts), "expert"))


def trials_of(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    trials: Path,
    params: Prune,
    extract: Extract,
    seed: int,
    jobs: int,
    dry_run: bool = False,
) -> tuple[Trials, dict[str, np.ndarray]]:
    """The trials of a workspace, and the features of each expert for its training videos.

    Raises:
        DataError: too few repeats or labels.
        ParamsError: `prune.student` is no expert.
    """
    videos = dataset.read(accepted, card, splits, features)
    fused = {
        name: value.mean(1) if value.ndim == 3 else value for name, value in videos.features.items()
    }
    fidelity, sight = _fidelity(features, videos.manifest, fused, params, extract)
    repeats = [
        videos.training_data(levels=PROBE.levels, column=column, sight=sight)
        for column in repeated(videos.splits, params.repeats)
    ]
    trained = (videos.manifest["split"] == "train").to_numpy()
    train_features = {name: value[trained] for name, value in fused.items()}
    runs = Trials(repeats, trials, seed=seed, jobs=jobs, plan=dry_run, fidelity=fidelity)
    return runs, train_features


def _fidelity(
    features: Path,
    manifest: pd.DataFrame,
    fused: Mapping[str, np.ndarray],
    params: Prune,
    extract: Extract,
) -> tuple[Fidelity, StudentInput]:
    """What a trial does, and what its student sees."""
    if params.fidelity == "probe":
        if params.student not in fused:
            raise ParamsError(
                f"prune.student: {params.student!r} is not among extract.experts "
                f"({', '.join(fused)})"
            )
        return Probe(), Vectors(torch.from_numpy(np.nan_to_num(fused[params.student])))
    shas = manifest["sha256"].tolist()
    trunks = {}
    for name, expert in create(extract).items():
        if name in fused and (trunk := tunable(expert, extract.experts[name].fusion)):
            trunks[name] = trunk
    log.info("full trials fine-tune %s; the others keep a head", ", ".join(trunks) or "nobody")
    views_digest = hashlib.sha256(" ".join([store.view_key(features), *shas]).encode()).hexdigest()
    sight = Pictures(store.views(features, shas), FULL_STUDENT.moments)
    return Full(trunks, views_digest), sight


def repeated(splits: pd.DataFrame, count: int) -> list[str]:
    """Columns of the first `count` repeated splits; test videos are on no side of them.

    Raises:
        DataError: the splits file has fewer repeats.
    """
    names = [name for name in map(str, splits) if name.startswith("repeat_")]
    if len(names) < count:
        raise DataError(
            f"prune.repeats is {count}, split.repeats gives {len(names)}: raise the latter"
        )
    return names[:count]


def rows(
    selection: Selection, experts: Mapping[str, Mapping[str, Any]], *, enough: float
) -> pd.DataFrame:
    """The table that a reviewer reads: one row for each expert, kept ones first."""
    table = pd.DataFrame(
        [
            _row(assessment, selection, experts[assessment.name], enough)
            for assessment in selection.judged
        ]
    )
    return table.sort_values(
        ["kept", "candidate", "own_head", "expert"], ascending=[False, False, False, True]
    )


def _row(
    assessment: ExpertAssessment, selection: Selection, entry: Mapping[str, Any], enough: float
) -> dict[str, object]:
    combination = selection.combination
    worth = combination.worth.get(assessment.name)
    step = next(
        (s for s in combination.steps[::-1] if assessment.name in (*s.joined, *s.left)), None
    )
    if step is not None:
        reason = f"{assessment.reason}; {step.reason}"
    elif assessment.candidate:
        reason = f"{assessment.reason}; {_outside(worth, enough)}"
    else:
        reason = assessment.reason
    return {
        "expert": assessment.name,
        **{tag: entry["tags"].get(tag, "") for tag in ("family", "pretext", "data")},
        "kept": assessment.name in combination.experts,
        "candidate": assessment.candidate,
        "own_head": assessment.effect.teacher.mean(),
        "own_head_sd": assessment.effect.teacher.std(),
        "student": assessment.effect.student.mean(),
        "student_sd": assessment.effect.student.std(),
        "plain": selection.plain.mean(),
        "knows": assessment.knows,
        "gain": assessment.gain,
        "claim8": assessment.claim8,
        "adds": worth.adds if worth else None,
        "adds_confidence": worth.confidence if worth else None,
        "twin": assessment.twin[0] if assessment.twin else "",
        "alike": assessment.twin[1] if assessment.twin else None,
        "gmacs": entry["gmacs"],
        "parameters": entry["parameters"],
        "reason": reason,
    }


def _outside(worth: MarginalGain | None, enough: float) -> str:
    """Why a candidate is not in the combination."""
    if worth is None:
        return "not tried, the budget is spent"
    sure = f"(confidence {worth.confidence:.2f})"
    if worth.confidence >= enough:
        return f"helped when last tried {sure}, but the budget is spent"
    return f"would not surely help {sure}"
