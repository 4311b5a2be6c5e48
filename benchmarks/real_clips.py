"""Real camera clips and real pretrained networks, through the same library as the demo.

    python -m benchmarks.real_clips --videos DIR --weights DIR --out DIR

Each clip is scaled down to half or less, which makes it pristine enough, then damaged and labelled
as the demo is: the labels are synthetic MOS. Each `ARCHITECTURE.what.safetensors` of the weights
becomes an expert, and each `scnn_what.pth`, beside the built-in ones. For each seed the contents
are split anew, the zoo is pruned, a teacher fitted, a student trained without and with it. Writes
`DIR/results.json`; what is in `DIR/work` already is used again.
"""

import argparse
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pandas as pd
import timm
from PIL import Image
from rich.console import Console
from rich.table import Table

from vq import params as settings
from vq.data import manifest as manifests
from vq.data import split as splitting
from vq.duplicates import pairs_table
from vq.errors import DataError
from vq.files import write_csv
from vq.metrics import agreement
from vq.metrics.interval import nadeau_bengio
from vq.params import Params
from vq.pipeline.command_line import call_stage
from vq.synthetic.demo import dataset
from vq.training import predict
from vq.training.dataset import read as dataset_of

log = logging.getLogger(__name__)

SECONDS, TALLEST = 2.5, 270
FEWEST = 5
"""Contents on each side of a split."""
SALTS = 1000
CARD = """\
name: real_clips
title: Real clips with synthetic MOS
opinion: synthetic
scale: {min: 1, max: 5}
licence: of the clips that were given; for measuring only
note: Labels are a full-reference metric and simulated raters, as in the demo; nobody's opinion.
"""
COLUMNS = """\
slices: [distortion]
order: {film: film, ladder: distortion, strength: strength, apart: 0.2}
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Make the data set, extract once, train for each seed, print the table."""
    given = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    work = given.out / "work"
    work.mkdir(parents=True, exist_ok=True)
    known = with_zoo(settings.load(given.params), given.weights)
    if not (work / "labels.csv").exists():
        damage(given.videos, work, demo=dataset.load(given.demo), together=given.together)
    extract(work, known, given.weights)
    per_seed = [measure(work, known, seed) for seed in range(1, given.seeds + 1)]
    results = {name: _summary([one[name] for one in per_seed], known) for name in per_seed[0]}
    (given.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    _show(results)


def damage(clips: Path, work: Path, *, demo: dataset.Demo, together: Sequence[str]) -> None:
    """Make the versions of every clip, and their labels."""
    (work / "videos").mkdir(exist_ok=True)
    (work / "card.yaml").write_text(CARD)
    (work / "columns.yaml").write_text(COLUMNS)
    (work / "expectations.yaml").touch()
    rows: list[dataset.Row] = []
    files = sorted(path for path in clips.iterdir() if path.is_file())
    for path, some in zip(files, dataset.versions(demo), strict=False):
        frames, fps = pristine(path)
        log.info("%s: %d frames of %s", path.name, len(frames), frames.shape[2:0:-1])
        content = content_of(path, together)
        rows += dataset.shoot(frames, some, content, path.stem, fps, work / "videos", params=demo)
    pd.DataFrame(rows, columns=list(dataset.COLUMNS)).to_csv(work / "labels.csv", index=False)


def extract(work: Path, known: Params, weights: Path) -> None:
    """Import, validate and extract, once for all seeds."""
    call_stage(
        "import",
        known,
        videos=work / "videos",
        labels=work / "labels.csv",
        card=work / "card.yaml",
        columns=work / "columns.yaml",
        manifest=work / "manifest.parquet",
        twin=work / "manifest.csv",
        fingerprints=work / "fingerprints.parquet",
    )
    call_stage(
        "validate",
        known,
        manifest=work / "manifest.parquet",
        card=work / "card.yaml",
        expectations=work / "expectations.yaml",
        accepted=work / "accepted.parquet",
        quarantine=work / "quarantine.csv",
        summary=work / "validate.json",
    )
    call_stage(
        "extract",
        known,
        accepted=work / "accepted.parquet",
        videos=work / "videos",
        weights=weights,
        cache=work / "cache",
        index=work / "features.json",
    )


def measure(work: Path, known: Params, seed: int) -> dict[str, dict[str, float]]:
    """SRCC and PLCC on the test contents of one seed's split, by model."""
    here = work / f"seed{seed}"
    here.mkdir(exist_ok=True)
    known = known.model_copy(update={"seed": seed})
    common = {
        "accepted": work / "accepted.parquet",
        "card": work / "card.yaml",
        "splits": here / "splits.csv",
        "features": work / "features.json",
    }
    split(work / "accepted.parquet", here / "splits.csv", known, seed)
    call_stage(
        "prune",
        known,
        **common,
        trials=work / "trials",
        zoo=here / "zoo.json",
        table=here / "prune.csv",
        similarity=here / "similarity.csv",
    )
    call_stage(
        "audit_labels",
        known,
        **common,
        near_duplicates=here / "near_duplicates.csv",
        zoo=here / "zoo.json",
        suspicious=here / "suspicious_labels.csv",
    )
    call_stage(
        "teach",
        known,
        **common,
        zoo=here / "zoo.json",
        teacher=here / "teacher",
        curve=here / "teacher.csv",
    )
    call_stage(
        "plain",
        known,
        **common,
        checkpoints=here / "checkpoints",
        plain=here / "plain",
        curve=here / "plain.csv",
    )
    call_stage(
        "distill",
        known,
        **common,
        videos=work / "videos",
        teacher=here / "teacher",
        checkpoints=here / "checkpoints",
        student=here / "student",
        curve=here / "student.csv",
    )
    call_stage(
        "evaluate",
        known,
        **common,
        columns=work / "columns.yaml",
        videos=work / "videos",
        zoo=here / "zoo.json",
        teacher=here / "teacher",
        student=here / "student",
        plain=here / "plain",
        validation=here / "validation.json",
        metrics=here / "metrics.json",
        test=here / "test.json",
        predictions=here / "predictions.csv",
        misordered=here / "misordered.csv",
        scatter=here / "scatter.csv",
    )
    models = json.loads((here / "test.json").read_text())["models"]
    names = {"teacher": "teacher", "plain": "student_plain", "student": "student_distilled"}
    found = {
        names[name]: {key: one[key]["value"] for key in ("srcc", "plcc")}
        for name, one in models.items()
        if name in names
    }
    return singles(**common, seed=seed) | found


def split(accepted: Path, splits: Path, known: Params, seed: int) -> None:
    """Take the first salt of a seed that leaves no side of so few clips with next to nothing.

    Raises:
        DataError: none of `SALTS` does: there are too few clips.
    """
    contents = manifests.read(accepted)["content"]
    shares = known.split.model_dump(include={"validation", "test", "repeats"})
    for number in range(SALTS):
        salt = f"real-clips-{seed}-{number}"
        try:
            table = splitting.assign(contents, **shares, salt=salt)
        except DataError:
            continue
        if table["split"].value_counts().min() >= FEWEST:
            splitting.write(table, splits)
            none = pairs_table.judge(pairs_table.NONE, table, joined=False)
            write_csv(splits.with_name("near_duplicates.csv"), none)
            return
    raise DataError(
        f"{contents.nunique()} contents are too few for {FEWEST} on each side; bring more clips"
    )


def singles(
    accepted: Path, card: Path, splits: Path, features: Path, *, seed: int
) -> dict[str, dict[str, float]]:
    """Every expert with a head of its own."""
    videos = dataset_of(accepted, card, splits, features)
    frame, data = videos.manifest, videos.training_data(levels=5)
    rows = np.flatnonzero((frame["split"] == "test") & frame["mos"].notna())
    mos = frame["mos"].to_numpy(float)[rows]
    found = {}
    for name in videos.features:
        score = predict.single(data, name, seed=seed)[rows].astype(float)
        found[f"single:{name}"] = {
            "srcc": agreement.srcc(score, mos),
            "plcc": agreement.plcc(score, mos),
        }
    return found


def with_zoo(known: Params, weights: Path) -> Params:
    """The project's params, with the networks of a folder as experts."""
    experts = {n: e for n, e in known.extract.experts.items() if e.weights != "random"}
    for file in sorted(weights.iterdir()):
        name, expert = _expert(file)
        if expert is None:
            log.info("%s: left out, neither timm nor the catalog has this architecture", file.name)
        else:
            experts[name] = expert
    extract = known.extract.model_copy(update={"experts": experts})
    return known.model_copy(update={"extract": extract})


def _expert(file: Path) -> tuple[str, settings.Expert | None]:
    """Name and settings of a file with weights; None if there is no network for it."""
    given = settings.WeightsFile(file=file, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    if file.suffix == ".pth" and file.name.startswith("scnn_"):
        return "scnn", settings.Expert(weights=given, fusion="mean_std")
    model, _, what = file.name.removesuffix(".safetensors").partition(".")
    if file.suffix != ".safetensors" or not timm.is_model(model):
        return file.name, None
    half = (0.5, 0.5, 0.5)
    return f"{model}_{what}", settings.Expert(
        catalog="timm",
        model=model,
        weights=given,
        options={"pad_type": "same"},
        mean=half,
        std=half,
        side_px=224,
    )


def content_of(path: Path, together: Sequence[str]) -> str:
    """Clips of one source, by the prefixes of their names, are one content, as splits must know."""
    return next((name for name in together if path.stem.startswith(name)), path.stem)


def pristine(path: Path, *, seconds: float = SECONDS) -> tuple[np.ndarray, float]:
    """The first seconds of a clip, half as tall or less."""
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        fps = float(min(stream.average_rate or 25, 30))
        for frame in container.decode(stream):
            height = min(frame.height // 2, TALLEST) // 2 * 2
            width = round(frame.width * height / frame.height) // 2 * 2
            whole = Image.fromarray(frame.to_ndarray(format="rgb24"))
            frames.append(np.asarray(whole.resize((width, height), Image.Resampling.LANCZOS)))
            if len(frames) == round(seconds * fps):
                break
    return np.stack(frames), fps


def _summary(per_seed: list[dict[str, float]], known: Params) -> dict[str, object]:
    test, rest = known.split.test, 1 - known.split.test - known.split.validation
    found = nadeau_bengio(
        [one["srcc"] for one in per_seed], test_over_train=test / rest, confidence=0.95
    )
    return {
        "srcc": found.value,
        "plcc": float(np.mean([one["plcc"] for one in per_seed])),
        "ci95": [found.low, found.high],
        "per_seed": per_seed,
    }


def _show(results: dict[str, dict[str, object]]) -> None:
    table = Table("model", "SRCC", "95 % interval", "PLCC", "SRCC by seed")
    for name, one in results.items():
        low, high = one["ci95"]
        each = " ".join(f"{seed['srcc']:.3f}" for seed in one["per_seed"])
        table.add_row(
            name, f"{one['srcc']:.3f}", f"{low:.3f} to {high:.3f}", f"{one['plcc']:.3f}", each
        )
    Console(width=110).print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_clips", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--demo", type=Path, default=Path("data/demo/params.yaml"))
    parser.add_argument(
        "--together", nargs="*", default=[], help="prefixes of file names: clips of one content"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
