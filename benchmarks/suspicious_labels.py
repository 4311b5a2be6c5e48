"""How many planted wrong labels are among the most suspicious ones, and how many honest ones.

    python -m benchmarks.suspicious_labels FILE.npz... --workspace DIR --half report --out DIR

The form of a file is that of `benchmarks.material`; a workspace is one in which the demo has run.
Wrong labels are planted, a quarter of each kind: two videos' labels swapped; the scale turned
round; a number drawn evenly from the scale; 1.5 points (of a scale of four) up or down. What was
planted is looked for among all videos of one half (by content), while models learn from all: the
default of `audit_labels.z` was chosen on the half `tune`. Intervals: 95 %, over seeds and contents.
Writes `DIR/rows.csv`, a row for each video of each seed.
"""

import argparse
import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64, Int64, Shaped
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import material as materials
from benchmarks.material import Material
from vq.data import score_distribution
from vq.features import store
from vq.files import read_json
from vq.metrics import label_outliers
from vq.metrics.baselines import handcrafted
from vq.training import cross_validation
from vq.training.loop import determinism
from vq.training.training_data import TrainingData

KINDS = ("swapped", "flipped", "random", "shifted")
SHARES = (0.0, 0.02, 0.05)
SHIFT = 1.5 / 4
"""Of the scale's width."""
Mos = Float64[np.ndarray, " videos"]


@dataclass(frozen=True, eq=False)
class Case:
    """Videos whose labels are taken for right; row n is the same video everywhere."""

    material: Material
    contents: Shaped[np.ndarray, " videos"]
    scale: tuple[float, float]
    error: Mos
    """Standard error of each rating; nan where nobody knows."""


def main(argv: Sequence[str] | None = None) -> None:
    """Plant, look, tell."""
    given = _parse(argv)
    logging.basicConfig(level=logging.WARNING)
    cases = [_of_file(path) for path in given.files]
    cases += [workspace(path) for path in given.workspace]
    given.out.mkdir(parents=True, exist_ok=True)
    found = []
    for case in cases:
        for name in given.predictor:
            begun = time.perf_counter()
            tasks = [(share, seed) for share in SHARES for seed in range(given.seeds)]
            # No memory-mapped arguments: they are read-only, and torch warns of that.
            tables = Parallel(given.jobs, max_nbytes=None)(
                delayed(once)(case, name, share, given.seed + seed) for share, seed in tasks
            )
            took = (time.perf_counter() - begun) / len(tasks)
            sys.stderr.write(f"{case.material.name}, {name}: {took:.1f} s each\n")
            found += tables
            rows = pd.concat(found, ignore_index=True)
            rows.to_csv(given.out / "rows.csv", index=False, float_format="%.5f")
    show(rows[rows["half"] == given.half], given.z)


def once(case: Case, predictor: str, share: float, seed: int) -> pd.DataFrame:
    """Plant a share of wrong labels, and say of each video how suspicious its label is."""
    determinism(threads=1)
    rng = np.random.default_rng([seed, round(1000 * share)])
    mos, kind = plant(case.material.mos, case.scale, share=share, rng=rng)
    expected = PREDICTORS[predictor](case, mos, seed)
    z = label_outliers.standing(mos - expected, case.error)
    return pd.DataFrame(
        {
            "file": case.material.name,
            "predictor": predictor,
            "share": share,
            "seed": seed,
            "content": case.contents,
            "half": [_half(content) for content in case.contents],
            "kind": kind,
            "moved": np.abs(mos - case.material.mos) / (case.scale[1] - case.scale[0]),
            "z": np.abs(z),
        }
    )


def plant(
    mos: Mos, scale: tuple[float, float], *, share: float, rng: np.random.Generator
) -> tuple[Mos, Shaped[np.ndarray, " videos"]]:
    """Labels of which a share is wrong; and of each what was done to it, if anything."""
    count = round(share * len(mos) / len(KINDS) / 2) * 2  # of each kind, even: two are swapped
    drawn = rng.permutation(len(mos))[: count * len(KINDS)].reshape(len(KINDS), count)
    wrong, kind = mos.copy(), np.full(len(mos), "", dtype="<U7")
    for name, rows in zip(KINDS, drawn, strict=True):
        kind[rows] = name
    swapped, flipped, random, shifted = drawn
    wrong[swapped] = mos[swapped[::-1]]
    wrong[flipped] = sum(scale) - mos[flipped]
    wrong[random] = rng.uniform(*scale, count)
    # Where it stays on the scale: off it, `validate` would see it.
    shift = SHIFT * (scale[1] - scale[0])
    up = mos[shifted] + shift <= scale[1]
    down = mos[shifted] - shift >= scale[0]
    sign = np.where(up & down, rng.choice([-1, 1], count), np.where(up, 1, -1))
    wrong[shifted] = mos[shifted] + sign * shift
    return wrong, kind


def show(rows: pd.DataFrame, z: float) -> None:
    """Print what was found of what was planted, and what was listed beside it."""
    table = Table("case", "planted", "precision at k", "recall at z", "moved > 1/4", *KINDS)
    table.add_column("listed honest")
    for (file, predictor, share), some in rows.groupby(["file", "predictor", "share"], sort=False):
        planted = some["kind"] != ""
        honest = _interval(some, lambda t: _share((t["z"] > z)[t["kind"] == ""]), digits=4)
        cells = ["", "", "", *[""] * len(KINDS)]
        if planted.any():
            cells = [
                _interval(some, _precision_at_k),
                _interval(some, lambda t: _share((t["z"] > z)[t["kind"] != ""])),
                _interval(some, lambda t: _share((t["z"] > z)[t["moved"] > 0.25])),
                *(f"{_share((some['z'] > z)[some['kind'] == kind]):.2f}" for kind in KINDS),
            ]
        table.add_row(f"{file}\n{predictor}", f"{share:.0%}: {planted.sum()}", *cells, honest)
    Console(width=170).print(table)


def _precision_at_k(rows: pd.DataFrame) -> float:
    """Of each seed, k being what was planted there; the mean."""
    hits = [
        _share((some.sort_values("z", ascending=False)["kind"] != "")[: (some["kind"] != "").sum()])
        for _, some in rows.groupby("seed")
    ]
    return float(np.nanmean(hits))


def _share(what: pd.Series) -> float:
    return float(what.mean()) if len(what) else float("nan")


def _interval(
    rows: pd.DataFrame, of: Callable[[pd.DataFrame], float], *, digits: int = 2, draws: int = 300
) -> str:
    """A number and its 95 % interval: contents are drawn again, with all their seeds."""
    rng = np.random.default_rng(1)
    names, which = np.unique(rows["content"].to_numpy(str), return_inverse=True)
    places = [np.flatnonzero(which == one) for one in range(len(names))]
    found = []
    for _ in range(draws):
        drawn = rng.integers(len(names), size=len(names))
        found.append(of(rows.iloc[np.concatenate([places[one] for one in drawn])]))
    low, high = np.nanquantile(found, [0.025, 0.975])
    return f"{of(rows):.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _half(content: object) -> str:
    digest = hashlib.sha256(str(content).encode()).digest()
    return "tune" if digest[0] % 2 else "report"


def _of_file(path: Path) -> Case:
    found = materials.read(path)
    contents = np.arange(len(found.mos)) if found.group is None else found.group
    return Case(found, contents, found.scale, np.full(len(found.mos), np.nan))


def workspace(root: Path) -> Case:
    """Train and validation of a workspace, as the stage `audit_labels` sees them."""
    # Not as a manifest: one of an earlier commit, which lacks a column, will do.
    manifest = pd.read_parquet(root / "artifacts/accepted.parquet")
    splits = pd.read_csv(root / "artifacts/splits.csv", dtype="string")
    known = splits.loc[splits["split"] != "test", "content"]
    rows = manifest[manifest["content"].isin(known) & manifest["mos"].notna()]
    experts = read_json(root / "artifacts/zoo.json")["experts"]
    features = store.load(root / "artifacts/features.json", rows["sha256"].tolist(), experts)
    contents = rows["content"].to_numpy(str)
    material = Material(root.name, rows["mos"].to_numpy(float), contents, features)
    return Case(material, contents, (1.0, 5.0), label_outliers.standard_error(rows))


def _experts(case: Case) -> dict[str, Shaped[np.ndarray, "..."]]:
    return dict(materials.experts(case.material, {}))


def _probe(folds: int, rounds: int) -> "Predictor":
    def expected(case: Case, mos: Mos, seed: int) -> Mos:
        values = score_distribution.values(*case.scale, 5)
        rows: Int64[np.ndarray, " rows"] = np.arange(len(mos))
        target = score_distribution.distribution(mos, np.full(len(mos), np.nan), values)
        data = TrainingData(
            features={name: torch.from_numpy(block) for name, block in _experts(case).items()},
            target=torch.from_numpy(target),
            mos=torch.from_numpy(mos),
            values=torch.from_numpy(values.astype(np.float32)),
            train=torch.from_numpy(rows),
            validation=torch.from_numpy(rows),
            dataset=torch.zeros(len(mos), dtype=torch.int64),
            content=torch.arange(len(mos)),
        )
        names = case.contents.astype(str).tolist()
        return cross_validation.out_of_fold(
            data, rows, names, folds=folds, rounds=rounds, seed=seed
        )

    return expected


def _support_vectors(case: Case, mos: Mos, seed: int) -> Mos:
    columns = np.concatenate(list(_experts(case).values()), axis=1)
    found = np.zeros(len(mos))
    for held in _folds(case, seed):
        found[held] = handcrafted(
            columns[~held],
            mos[~held],
            case.contents[~held].astype(str),
            columns[held],
            rng=np.random.default_rng(seed),
        )
    return found


def _ridge(case: Case, mos: Mos, seed: int) -> Mos:
    columns = np.concatenate(list(_experts(case).values()), axis=1)
    model = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), RidgeCV(np.logspace(-1, 4, 11))
    )
    found = np.zeros(len(mos))
    for held in _folds(case, seed):
        found[held] = model.fit(columns[~held], mos[~held]).predict(columns[held])
    return found


def _constant(case: Case, mos: Mos, seed: int) -> Mos:
    return np.full(len(mos), mos.mean())


def _folds(case: Case, seed: int) -> Iterator[Shaped[np.ndarray, " videos"]]:
    names = case.contents.astype(str).tolist()
    fold = cross_validation.deal(names, 5, rng=np.random.default_rng(seed))
    yield from (fold == one for one in range(5))


Predictor = Callable[[Case, Mos, int], Mos]
PREDICTORS: dict[str, Predictor] = {
    "probe": _probe(5, 3),
    "probe-1": _probe(5, 1),
    "probe-10": _probe(10, 3),
    "svr": _support_vectors,
    "ridge": _ridge,
    "constant": _constant,
}
"""Out-of-fold teachers by the recipe of trials (folds, and how often they are dealt); support
vectors and a ridge regression on all columns; and the mean label, which nobody has to compute."""


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.suspicious_labels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE.npz")
    parser.add_argument("--workspace", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--predictor", action="append", choices=PREDICTORS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--z", type=float, default=3.5)
    parser.add_argument("--jobs", type=int, default=1, help="seeds at a time; changes no number")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    return argparse.Namespace(**vars(given) | {"predictor": given.predictor or ["probe"]})


if __name__ == "__main__":
    main()
