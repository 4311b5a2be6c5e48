"""What the ensemble is worth over its best single expert, on every content that nobody learnt from.

    python -m benchmarks.teacher_gain --at WORKSPACE --out DIR

The workspace has features of experts, and its split is that of their pretraining: networks saw the
contents of train alone. So validation may be a test as well, with the sides exchanged: experts are
chosen and the teacher is fitted twice, once without a look at test, once without a look at
validation. Writes `DIR/teacher_gain.json`.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from vq import params as settings
from vq.data import split
from vq.errors import VqError
from vq.files import read_json, write_csv
from vq.metrics import agreement
from vq.metrics.interval import Bootstrap
from vq.metrics.paired_difference import difference
from vq.params import Params
from vq.pipeline.command_line import call_stage
from vq.training import dataset, predict
from vq.training.loop import determinism
from vq.training.teach import teach


def main(argv: Sequence[str] | None = None) -> None:
    """Fit on either side, print and write agreement and its difference."""
    args = _parse(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        params = settings.load(args.at / "params.yaml")
        sides = [measure(args.at, params, judged, args.jobs) for judged in ("test", "validation")]
    except VqError as error:
        raise SystemExit(f"teacher_gain: {error}") from error
    bootstrap = Bootstrap(params.evaluate.bootstrap, params.evaluate.confidence, params.seed)
    videos = pd.concat(sides, ignore_index=True)
    rows = [
        row("both", videos, bootstrap),
        *(row(str(side), part, bootstrap) for side, part in videos.groupby("side", sort=False)),
    ]
    (args.out / "teacher_gain.json").write_text(json.dumps(rows, indent=2) + "\n")
    _show(rows)


def measure(root: Path, params: Params, judged: str, jobs: int) -> pd.DataFrame:
    """Choose experts and fit the teacher without a look at one side, and score that side.

    Returns:
        Rated videos of the side: `side`, `content`, `mos`, `teacher`, `single`, `experts`.

    Raises:
        VqError: as the stages.
    """
    artifacts = root / "artifacts"
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        common = {
            "accepted": artifacts / "accepted.parquet",
            "card": root / params.data.dir / "card.yaml",
            "splits": scratch / "splits.csv",
            "features": artifacts / "features.json",
        }
        splits = exchanged(split.read(artifacts / "splits.csv"), judged, params.split)
        write_csv(common["splits"], splits)
        call_stage(
            "prune",
            params,
            **common,
            trials=scratch / "trials",
            zoo=scratch / "zoo.json",
            table=scratch / "prune.csv",
            similarity=scratch / "similarity.csv",
            jobs=jobs,
        )
        zoo = read_json(scratch / "zoo.json")
        videos = dataset.read(**common)
    determinism(threads=1)
    every = videos.training_data(levels=params.training.levels)
    data = replace(every, features={name: every.features[name] for name in zoo["experts"]})
    model = teach(
        data,
        params=settings.join(settings.TeacherRecipe, params.training, params.teach),
        seed=params.seed,
    )
    score = predict.teacher(model, videos.features, data.values.numpy()).score
    alone = predict.single(every, zoo["single"], seed=params.seed)
    table = videos.manifest.assign(
        teacher=score, single=alone, side=judged, experts=" + ".join(zoo["experts"])
    )
    table = table[(table["split"] == "test") & table["mos"].notna()]
    return table[["side", "content", "mos", "teacher", "single", "experts"]]


def exchanged(splits: pd.DataFrame, judged: str, params: settings.Split) -> pd.DataFrame:
    """The splits with the judged side as test, and the other one of the two as validation."""
    if judged == "test":
        return splits
    sides = splits["split"].replace({"test": "validation", "validation": "test"})
    share = params.validation / (1 - params.test)
    table = splits.assign(split=sides)
    for column in splits.columns[2:]:
        again = [
            split.side(content, f"{params.salt}\0{column}", share, 0.0)
            for content in splits["content"]
        ]
        table[column] = pd.Series(again, splits.index).where(sides != "test", "")
    return table


def row(side: str, videos: pd.DataFrame, bootstrap: Bootstrap) -> dict[str, object]:
    """SRCC of both models, and their paired difference with its interval."""
    mos, contents = videos["mos"].to_numpy(float), videos["content"].to_numpy(str)
    scores = {name: videos[name].to_numpy(float) for name in ("teacher", "single")}
    gain = difference(scores["teacher"], scores["single"], mos, contents, bootstrap)
    return {
        "side": side,
        "contents": int(videos["content"].nunique()),
        "videos": len(videos),
        "experts": sorted(set(videos["experts"])),
        **{name: round(float(agreement.srcc(one, mos)), 4) for name, one in scores.items()},
        "gain": {name: round(float(value), 4) for name, value in vars(gain).items()},
    }


def _show(rows: Sequence[dict[str, object]]) -> None:
    table = Table("side", "contents", "videos", "teacher", "single", "teacher less single")
    for one in rows:
        gain = one["gain"]
        table.add_row(
            *(str(one[name]) for name in ("side", "contents", "videos", "teacher", "single")),
            "{value:+.3f} [{low:.3f}, {high:.3f}]".format(**gain),  # type: ignore[arg-type]
        )
    Console().print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.teacher_gain", description=__doc__)
    parser.add_argument("--at", type=Path, default=Path(), help="workspace (default: this folder)")
    parser.add_argument("--jobs", type=int, default=0, help="processes of pruning (0: one a core)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
