"""What real opinions say of the constants of `vq.synthetic.fused`.

    python -m benchmarks.fused_label --features DIR --out DIR

`DIR/msu_cvqad.npz`: 1,022 encodes of 36 sources, with 39 full-reference scores that the file does
not name. Columns 2 and 3 are VMAF NEG and VMAF (0 to 100, the first never above the second),
column 1 we take for SSIM by its range and by its values at a given VMAF. Its scores compare within
a source, so each number here is a mean over sources of a correlation within one, with a 95 %
interval that resamples sources; whatever is fitted is fitted on the other sources.

`DIR/live_yt_hfr.npz`: 480 videos of 16 sources at 24 to 120 frames a second and five rates. It has
no full-reference score; the rate's place among the five stands for what the codec does. It tells
how much a picture that is held longer costs.

Nothing here has noise, exposure, halos, banding or long freezes: for these no opinions are at hand.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import least_squares
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from vq.metrics import agreement
from vq.metrics.interval import percentile, resample
from vq.synthetic import fused

SSIM, NEG, VMAF = 1, 2, 3
"""Columns of `fr_all39`."""
EXPONENTS = (1.0, 2.0, 4.0, 8.0)
GAMMAS = (0.5, 0.7, 0.85, 1.0, 1.5, 2.0)
RESAMPLES, SEED = 2000, 7

Rows = Mapping[str, np.ndarray]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure both, print the tables, write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fused_label", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    tables = {}
    for name, measure in (("msu_cvqad", compression), ("live_yt_hfr", held)):
        path = given.features / f"{name}.npz"
        if not path.is_file():
            raise SystemExit(f"fused_label: {path}: no such file; give the folder that has it")
        with np.load(path, allow_pickle=False) as file:
            tables[name] = measure({key: file[key] for key in file.files})
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "results.json").write_text(json.dumps(tables, indent=2) + "\n")
    for name, table in tables.items():
        _show(name, table)


def compression(rows: Rows) -> dict[str, Any]:
    """Ways to make one number of full-reference scores, against opinions of compressed video."""
    scores, mos = rows["fr_all39"].astype(float), rows["mos"].astype(float)
    group = rows["group"]
    neg = scores[:, NEG]
    impairments = fused.compression_of(neg), fused.curve(scores[:, SSIM], fused.SSIM_CURVE)
    ways = {"VMAF": scores[:, VMAF], "VMAF NEG": neg}
    ways |= {f"VMAF NEG ** {gamma}": (neg / 100) ** gamma for gamma in GAMMAS if gamma != 1}
    ways["SSIM alone, by its curve"] = -impairments[1]
    ways |= {
        f"VMAF NEG and SSIM, added in the power {exponent:g}": -fused.added(
            list(impairments), exponent
        )
        for exponent in EXPONENTS
    }
    columns = {"VMAF NEG and SSIM": [SSIM, NEG], "all 39": list(range(scores.shape[1]))}
    ways |= {
        f"ridge on {name}, other sources": _ridge(scores[:, some], mos, group)
        for name, some in columns.items()
    }
    return _compare(ways, mos, group, base="VMAF")


def held(rows: Rows) -> dict[str, Any]:
    """What holding a picture longer costs: the rate of frames against opinions."""
    names, mos, group = rows["names"], rows["mos"].astype(float), rows["group"]
    fps = np.array([float(name.rsplit("_", 1)[1].removesuffix("fps")) for name in names])
    crf = np.array([float(name.split("_crf_")[1].split("_")[0]) for name in names])
    level = np.zeros(len(names), int)
    for key in {(g, f) for g, f in zip(group, fps, strict=True)}:
        part = (group == key[0]) & (fps == key[1])
        level[part] = np.argsort(np.argsort(crf[part]))
    seconds = 1 / fps - 1 / fps.max()
    ways = {"rate of the codec alone": _fitted(None, level, seconds, mos, group)[0]}
    for name, shape in {
        "and 1 - exp(-held / HOLD_SECONDS), as in the label": lambda t, _: (
            1 - np.exp(-t / fused.HOLD_SECONDS)
        ),
        "and 1 - exp(-held / seconds), fitted": lambda t, s: 1 - np.exp(-t / s),
        "and held, straight": lambda t, _: t,
    }.items():
        ways[name], constants = _fitted(shape, level, seconds, mos, group)
        if "fitted" in name:
            fit = constants
    found = _compare(ways, mos, group, base="rate of the codec alone")
    # Opinions go from 0 to 100, which we take for four grades.
    return found | {
        "fitted": {
            "hold_seconds": {"median": float(np.median(fit[:, 1])), "range": _ends(fit[:, 1])},
            "slope at 0, grades a second": {
                "median": float(np.median(fit[:, 0] / fit[:, 1]) / 25),
                "of the label, all in motion": fused.HOLD_WORST / fused.HOLD_SECONDS,
            },
        }
    }


def _fitted(
    shape: Callable[[np.ndarray, float], np.ndarray] | None,
    level: np.ndarray,
    seconds: np.ndarray,
    mos: np.ndarray,
    group: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Opinions of each source by constants of the others: those of five levels, and of holding."""
    out, constants = np.zeros(len(mos)), []
    count = level.max() + 1
    for one in np.unique(group):
        others = group != one
        centred = mos.copy()
        for name in np.unique(group):
            centred[group == name] -= mos[group == name].mean()

        def predicted(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
            cost = values[count] * shape(seconds[rows], np.exp(values[count + 1])) if shape else 0.0
            return values[:count][level[rows]] - cost

        start = np.concatenate([np.zeros(count), [10.0, np.log(0.1)]])
        fit = least_squares(lambda v, o=others, p=predicted, c=centred: p(v, o) - c[o], start).x
        out[~others] = predicted(fit, ~others)
        constants.append([fit[count], np.exp(fit[count + 1])])
    return out, np.array(constants)


def _ridge(scores: np.ndarray, mos: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Predictions for each source by a ridge regression on the others, within-source centred."""
    out = np.zeros(len(mos))
    centred = mos - np.array([mos[group == name].mean() for name in group])
    for one in np.unique(group):
        others = group != one
        model = make_pipeline(
            QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=0),
            StandardScaler(),
            RidgeCV(np.logspace(-1, 4, 11)),
        )
        out[~others] = model.fit(scores[others], centred[others]).predict(scores[~others])
    return out


def _compare(
    ways: Mapping[str, np.ndarray], mos: np.ndarray, group: np.ndarray, *, base: str
) -> dict[str, Any]:
    names = [name for name in np.unique(group) if np.ptp(mos[group == name]) > 0]
    found: dict[str, Any] = {"sources": len(names), "videos": len(mos), "ways": {}}
    by_source = {
        way: {
            measure.__name__: np.array([measure(x[group == n], mos[group == n]) for n in names])
            for measure in (agreement.srcc, agreement.plcc)
        }
        for way, x in ways.items()
    }
    for way, values in by_source.items():
        found["ways"][way] = {
            "srcc": _mean(values["srcc"]),
            "plcc": _mean(values["plcc"]),
            f"srcc less that of {base}": _mean(values["srcc"] - by_source[base]["srcc"]),
        }
    return found


def _mean(values: np.ndarray) -> dict[str, float]:
    draws = resample(np.arange(len(values)), count=RESAMPLES, rng=np.random.default_rng(SEED))
    found = percentile(float(values.mean()), draws @ values / len(values), confidence=0.95)
    return {"value": found.value, "low": found.low, "high": found.high}


def _ends(values: np.ndarray) -> list[float]:
    return [float(values.min()), float(values.max())]


def _show(name: str, found: dict[str, Any]) -> None:
    first = next(iter(found["ways"].values()))
    title = f"{name}: {found['videos']} videos, within each of {found['sources']} sources"
    table = Table("", *first, title=title)
    for way, numbers in found["ways"].items():
        cells = (f"{n['value']:.4f} [{n['low']:.4f}, {n['high']:.4f}]" for n in numbers.values())
        table.add_row(way, *cells)
    console = Console(width=150)
    console.print(table)
    if "fitted" in found:
        console.print(found["fitted"])


if __name__ == "__main__":
    main()
