"""How often `vq watch` alarms where nothing changed, and how often it finds what did.

    python -m benchmarks.drift --manifest artifacts/accepted.parquet --looks 2000

The rows of a manifest are the population: both samples are drawn from it with replacement, the
training data by content, so that columns keep their ties, their categories and what they have to do
with each other; `mos` stands for the score. Shares of looks that alarm, with 95 % intervals of
Wilson. `all versions` takes every version of a content instead of one: what it would cost to count
them as independent.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from vq import params
from vq.data import manifest
from vq.drift.compare import compare
from vq.drift.samples import PROPERTIES, one_of_each_content

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def lower(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Scores lower by half of their deviation."""
    return rows.assign(mos=rows["mos"] - rows["mos"].std() / 2)


def recoded(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Three of ten videos in another codec."""
    return rows.assign(codec=rows["codec"].mask(rng.random(len(rows)) < 0.3, "av1"))


CHANGES: dict[str, Change] = {
    "nothing": lambda rows, rng: rows,
    "scores lower by half a deviation": lower,
    "three of ten recoded": recoded,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Look often, and print a line for each kind of look."""
    given = _parse(argv)
    rng = np.random.default_rng(given.seed)
    population = manifest.read(given.manifest).dropna(subset=["mos"])
    settings = params.load(given.params).watch
    any_effect = settings.model_copy(update={"min_effect": 0.0})
    for contents, recent in given.sizes:
        for change, alter in CHANGES.items():
            for all_versions in (False, True) if change == "nothing" else (False,):
                alarms = {"as params say": 0, "of any effect": 0}
                for _ in range(given.looks):
                    trained = _trained(population, contents, rng, all_versions=all_versions)
                    now = alter(population.sample(recent, replace=True, random_state=rng), rng)
                    pairs = {name: (trained[name], now[name]) for name in ("mos", *PROPERTIES)}
                    for name, how in zip(alarms, (settings, any_effect), strict=True):
                        alarms[name] += any(one.drifted for one in compare(pairs, settings=how))
                said = ", ".join(f"{name} {_share(n, given.looks)}" for name, n in alarms.items())
                which = "all versions" if all_versions else "one of each"
                sys.stdout.write(
                    f"{contents} contents, {which}, {recent} recent, {change}: {said}\n"
                )


def _trained(
    population: pd.DataFrame, contents: int, rng: np.random.Generator, *, all_versions: bool
) -> pd.DataFrame:
    """Contents drawn with replacement, each time it is drawn as one of its own."""
    known = population["content"].unique()
    drawn = pd.DataFrame({"content": rng.choice(known, contents)})
    rows = drawn.assign(place=range(contents)).merge(population, on="content")
    if all_versions:
        return rows
    return one_of_each_content(rows.assign(content=rows["place"].astype(str)), rng)


def _share(count: int, of: int) -> str:
    interval = stats.binomtest(count, of).proportion_ci(method="wilson")
    return f"{count / of:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def _sizes(text: str) -> tuple[int, int]:
    contents, _, recent = text.partition(":")
    return int(contents), int(recent)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=Path("artifacts/accepted.parquet"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--looks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--sizes", type=_sizes, nargs="+", default=[(40, 300), (300, 300), (2000, 300)]
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
