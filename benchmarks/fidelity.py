"""Does the `probe` fidelity rank experts as `full` training does, and what does each cost?

    python -m benchmarks.fidelity --work DIR --splits DIR/seed1/splits.csv --out DIR

`--work` is a folder that `benchmarks.real_clips` has filled: manifest, card, features. Each expert
alone goes through both fidelities of pruning on the same repeated splits. Kendall's tau compares
the rankings by own head (the "updated model" of claim 8) and by student; its interval resamples
experts. Trials are kept in `--out`; writes `DIR/results.json`.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from benchmarks import real_clips
from vq import params as settings
from vq.errors import VqError
from vq.pruning.select import first
from vq.pruning.trials import Trials
from vq.stages.prune import trials_of

RESAMPLES = 2000


def main(argv: Sequence[str] | None = None) -> None:
    """Run both, print the table, write the results."""
    given = _parse(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("vq").setLevel(logging.INFO)
    try:
        known = real_clips.with_zoo(settings.load(given.params), given.weights)
        kept = {}
        for fidelity in ("probe", "full"):
            asked = {"fidelity": fidelity, "repeats": given.repeats}
            runs, _ = trials_of(
                accepted=given.work / "accepted.parquet",
                card=given.work / "card.yaml",
                splits=given.splits,
                features=given.work / "features.json",
                trials=given.out / "trials",
                params=known.prune.model_copy(update=asked),
                extract=known.extract,
                seed=given.seed,
                jobs=given.jobs,
            )
            kept[fidelity] = _alone(runs, given.experts)
    except VqError as error:
        raise SystemExit(f"fidelity: {error}") from error
    results = {"experts": kept, "kendall": _compare(kept)}
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    _show(results)


def _alone(runs: Trials, experts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Mean effects and seconds of nobody, and of each expert alone."""
    asked = first(experts or list(runs.repeats[0].features))
    effects = runs.run(asked, f"each expert alone, {runs.fidelity.name}")
    found = {}
    for trial, effect in zip(asked, effects, strict=True):
        kept = runs.kept(trial)
        found[" ".join(trial.experts) or "nobody"] = {
            "own_head": float(effect.teacher.mean()),
            "student": float(effect.student.mean()),
            "seconds": kept.seconds if kept else float("nan"),
        }
    return found


def _compare(kept: dict[str, dict[str, dict[str, float]]]) -> dict[str, list[float]]:
    """Kendall's tau between the fidelities, with the ends of its 95 % interval."""
    names = [name for name in kept["probe"] if name != "nobody"]
    rng = np.random.default_rng(0)
    found = {}
    for what in ("own_head", "student"):
        probe, full = (np.array([kept[f][n][what] for n in names]) for f in ("probe", "full"))
        picks = rng.integers(0, len(names), (RESAMPLES, len(names)))
        taus = [stats.kendalltau(probe[some], full[some]).statistic for some in picks]
        ends = np.nanquantile(taus, [0.025, 0.975])
        found[what] = [float(stats.kendalltau(probe, full).statistic), *map(float, ends)]
    return found


def _show(results: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    probe, full = (results["experts"][fidelity] for fidelity in ("probe", "full"))
    table = Table("expert", "own head: probe", "full", "student: probe", "full", "s: probe", "full")
    for name in sorted(probe, key=lambda name: -np.nan_to_num(full[name]["own_head"])):
        pairs = [
            f"{one[name][what]:.{digits}f}"
            for what, digits in (("own_head", 3), ("student", 3), ("seconds", 1))
            for one in (probe, full)
        ]
        table.add_row(name, *pairs)
    console = Console(width=110)
    console.print(table)
    for what, (tau, low, high) in results["kendall"].items():
        console.print(f"Kendall, {what}: {tau:.2f} [{low:.2f}, {high:.2f}]")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="as benchmarks.real_clips")
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--experts", nargs="*", default=[], help="default: all of them")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=0, help="processes; changes no number")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
