"""The gating network at work: mean importance of each expert for each kind of video, as a picture.

    python -m benchmarks.gate --by distortion --out docs/gate.svg

Reads what `dvc repro` wrote: `reports/predictions.csv` and `artifacts/accepted.parquet`.
Validation videos only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

PREFIX = "importance_"


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the table, and print it."""
    given = _parse(argv)
    manifest = pd.read_parquet(given.accepted)
    if given.by not in manifest:
        raise SystemExit(
            f"gate: {given.accepted}: has no column {given.by}; see columns.yaml of the data set"
        )
    rows = pd.read_csv(given.predictions).set_index("video")
    rows = rows[rows["split"] == "validation"].filter(like=PREFIX)
    kinds = manifest.set_index("video").loc[rows.index, given.by]
    found = rows.groupby(kinds, dropna=False).mean()
    found = found.rename(columns=lambda name: name.removeprefix(PREFIX))
    found = found[found.mean().sort_values(ascending=False).index]
    print(found.to_string(float_format="{:.2f}".format))  # noqa: T201
    draw(found, given.out)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Experts from left to right, kinds of video from top to bottom, darker where more counts."""
    mpl.rcParams.update({"svg.hashsalt": "vq", "font.size": 9})
    size = (1.6 + 1.3 * table.shape[1], 0.9 + 0.3 * table.shape[0])
    figure = Figure(figsize=size, layout="constrained")
    place = figure.subplots()
    place.imshow(table.to_numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    place.set_xticks(range(table.shape[1]), [name.replace("_", "\n") for name in table.columns])
    place.set_yticks(range(table.shape[0]), table.index.astype(str).tolist())
    place.tick_params(length=0)
    for row, values in enumerate(table.to_numpy()):
        for column, value in enumerate(values):
            colour = "white" if value > 0.55 else "black"
            place.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    figure.savefig(path, metadata={"Date": None})


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--predictions", type=Path, default=Path("reports/predictions.csv"))
    parser.add_argument("--accepted", type=Path, default=Path("artifacts/accepted.parquet"))
    parser.add_argument("--by", default="distortion", help="column of the manifest")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
