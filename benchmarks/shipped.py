"""What the student that ships makes of damaged real clips that it never saw.

    python -m benchmarks.shipped --videos DIR --out DIR

Of each clip it makes the versions of `benchmarks.real_clips` and two cheap edits that people call
worse (`benchmarks.edits`), labels each by VMAF and by the fused label of `vq.synthetic` (both
synthetic), scores them with `--model` (the student of the package without it), and prints
agreement, order within a source, intervals by kind of damage, and what the edits change.

Versions and measures stay in `OUT/work` and are used again, whichever model is scored and however
a run ended; delete the folder to make them anew. Writes `OUT/results.json` and `OUT/scores.csv`.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy import stats

import vq
from benchmarks import edits, real_clips
from vq.errors import VqError
from vq.files import atomic
from vq.footage.filmed import damage_steps
from vq.metrics import agreement
from vq.metrics.interval import percentile, resample
from vq.synthetic import cache, ffmpeg, fused
from vq.synthetic.demo import dataset

log = logging.getLogger(__name__)

VMAF_KINDS = ("pristine", "h264", "hevc", "vp9", "rescale", "defocus", "motion_blur")
"""What VMAF is made for: the subset on which it is a fair label."""
APART = 10.0
"""Points of a label, 0 to 100, from which on an order is asked for."""
RESAMPLES, SEED, CONFIDENCE = 2000, 7, 0.95
LABELS = ("vmaf", "fused")


def main(argv: Sequence[str] | None = None) -> None:
    """Make, label, score, print the tables, write the results."""
    given = _parse(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    try:
        ffmpeg.binary()
        table, left_out = labelled(
            given.videos, given.out / "work", demo=dataset.load(given.demo), together=given.together
        )
        table, model = scored(table, given.out / "work" / "videos", given.model)
    except VqError as error:
        raise SystemExit(f"shipped: {error}") from error
    results = {"model": model, "ffmpeg": ffmpeg.version(), "fusion": fused.FUSION}
    results |= {"left_out": left_out, **summary(table)}
    table.to_csv(given.out / "scores.csv", index=False)
    (given.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    _show(results)


def labelled(
    clips: Path, work: Path, *, demo: dataset.Demo, together: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The versions of every clip in a folder with their labels; makes what is not there yet.

    A clip that cannot be read or is too small is left out; the reasons by its name come along.

    Raises:
        VqError: fewer than two clips are left.
    """
    (work / "videos").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    files = sorted(path for path in clips.iterdir() if path.is_file()) if clips.is_dir() else []
    for path, some in zip(files, dataset.versions(demo), strict=False):
        try:
            made = versions(path, some, work, demo=demo, together=together)
            labels = [_labels(work, path.stem, str(row["video"])) for row in made]
        except (VqError, av.FFmpegError, IndexError, ValueError) as error:
            left_out[path.name] = str(error)
            log.warning("%s: left out: %s", path.name, error)
            continue
        rows += [row | label for row, label in zip(made, labels, strict=True)]
        log.info("%s: %d versions", path.name, len(made))
    table = pd.DataFrame(rows)
    if not rows or table["content"].nunique() < 2:
        raise VqError(f"{clips}: holds fewer than two clips of different content that can be used")
    return table, left_out


def versions(
    path: Path,
    some: Sequence[dataset.Version],
    work: Path,
    *,
    demo: dataset.Demo,
    together: Sequence[str],
) -> list[dict[str, Any]]:
    """The versions of one clip, made once: their rows are written when all are there."""
    kept = work / "rows" / f"{path.stem}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    pristine, fps = real_clips.pristine(path)
    with atomic(_reference(work, path.stem)) as part:
        part.write_bytes(damage_steps.encode(pristine, "libx264", 0.0, fps))
    content = real_clips.content_of(path, together)
    # `make.shoot` takes all chance from the names: the same files as those of `real_clips`.
    rows = dataset.shoot(pristine, some, content, path.stem, fps, work / "videos", params=demo)
    made = [
        {"video": row["video"], "source": path.stem, "content": content}
        | {"kind": row["distortion"], "strength": row["strength"], "ssim_mos": row["mos"]}
        for row in rows
    ]
    for kind, edit in edits.EDITS.items():
        name = edits.write(edit(pristine), work / "videos" / f"{path.stem}-{kind}", fps=fps)
        made.append(
            {"video": name, "source": path.stem, "content": content, "kind": kind, "strength": 1.0}
        )
    kept.parent.mkdir(exist_ok=True)
    partial = kept.with_suffix(".part")
    partial.write_text(json.dumps(made, indent=1))
    partial.replace(kept)
    return made


def scored(table: pd.DataFrame, videos: Path, model: Path | None) -> tuple[pd.DataFrame, str]:
    """The table with the scores of a student, and which student it was.

    Raises:
        VqError: it could not score one of the versions; says why.
    """
    rows = []
    scorer = vq.load(model)
    for name in table["video"]:
        row = scorer.score(videos / name)
        if row.score is None:
            raise VqError(f"{name}: not scored: {row.reason}")
        rows.append({"score": row.score, "low": row.low, "high": row.high})
    scores = pd.DataFrame(rows, index=table.index)
    return pd.concat([table, scores], axis=1), row.model


def summary(table: pd.DataFrame) -> dict[str, Any]:
    """All numbers of the benchmark."""
    plain = table[~table["kind"].isin(edits.EDITS)]
    vmaf_kinds = plain[plain["kind"].isin(VMAF_KINDS)]
    sets = {"all": plain, "codecs, rescaling, blur, pristine": vmaf_kinds}
    return {
        "versions": len(plain),
        "contents": int(plain["content"].nunique()),
        "sets": {
            name: {label: _measured(part, label) for label in LABELS} for name, part in sets.items()
        }
        | {"all, label of benchmarks.real_clips": {"ssim": _agreement(plain, "ssim_mos")}},
        "kinds": {kind: _by_kind(plain, kind) for kind in plain["kind"].unique()},
        "edits": {kind: _edit(table, kind) for kind in edits.EDITS},
        "scores": {"least": float(table["score"].min()), "most": float(table["score"].max())},
    }


def order(part: pd.DataFrame, label: str) -> tuple[np.ndarray, np.ndarray]:
    """For pairs of versions of one source `APART` or more: are scores in order; their content.

    Equal scores are no order.
    """
    right, contents = [], []
    for _, one in part.groupby("source", sort=True):
        points, score = _points(one, label), one["score"].to_numpy()
        better, worse = np.nonzero(points[:, None] - points[None, :] >= APART)
        right.append(score[better] > score[worse])
        contents += [one["content"].iloc[0]] * len(better)
    return np.concatenate(right), np.array(contents)


def _points(part: pd.DataFrame, label: str) -> np.ndarray:
    values = part[label].to_numpy(float)
    return values if label == "vmaf" else 25 * (values - 1)


def _measured(part: pd.DataFrame, label: str) -> dict[str, Any]:
    right, contents = order(part, label)
    found = {"srcc": _agreement(part, label)["srcc"], "pairs": len(right)}
    found["order"] = _bootstrap(lambda rows: float(right[rows].mean()), contents)
    if label == "fused":
        found |= _intervals(part)
    return found


def _agreement(part: pd.DataFrame, label: str) -> dict[str, Any]:
    score, values = part["score"].to_numpy(float), part[label].to_numpy(float)
    contents = part["content"].to_numpy(str)
    return {"srcc": _bootstrap(lambda rows: _srcc(score[rows], values[rows]), contents)}


def _srcc(score: np.ndarray, values: np.ndarray) -> float:
    return agreement.srcc(score, values) if np.ptp(values) > 0 else float("nan")


def _bootstrap(measure: Callable[[np.ndarray], float], contents: np.ndarray) -> dict[str, float]:
    """A measure of rows, with the ends of an interval over contents."""
    draws = resample(contents, count=RESAMPLES, rng=np.random.default_rng(SEED)).astype(int)
    rows = np.arange(len(contents))
    samples = np.array([measure(np.repeat(rows, draw)) for draw in draws])
    found = percentile(measure(rows), samples, confidence=CONFIDENCE)
    return {"value": found.value, "low": found.low, "high": found.high}


def _intervals(part: pd.DataFrame) -> dict[str, Any]:
    inside = part["fused"].between(part["low"], part["high"]).to_numpy(float)
    half = ((part["high"] - part["low"]) / 2).to_numpy(float)
    return {
        "half_width": float(half.mean()),
        "coverage": _bootstrap(
            lambda rows: float(inside[rows].mean()), part["content"].to_numpy(str)
        ),
    }


def _by_kind(plain: pd.DataFrame, kind: str) -> dict[str, Any]:
    part = plain[plain["kind"] == kind]
    pairs = plain[plain["kind"].isin([kind, "pristine"])]
    found: dict[str, Any] = {"versions": len(part)}
    for label in LABELS:
        values = part[label].to_numpy(float)
        found[f"srcc_{label}"] = float(stats.spearmanr(part["score"], values).statistic)
        found[f"mean_{label}"] = float(values.mean())
        right, _ = order(pairs, label)
        found[f"order_{label}"] = float(right.mean()) if len(right) else None
        found[f"pairs_{label}"] = len(right)
    return found | {
        "mean_score": float(part["score"].mean()),
        "half_width": float(((part["high"] - part["low"]) / 2).mean()),
        "coverage": float(part["fused"].between(part["low"], part["high"]).mean()),
    }


def _edit(table: pd.DataFrame, kind: str) -> dict[str, float]:
    """Median change of score and labels from the pristine version to the edited one."""
    edited = table[table["kind"] == kind].set_index("source")
    pristine = table[table["kind"] == "pristine"].set_index("source").loc[edited.index]
    change = {name: edited[name] - pristine[name] for name in ("score", *LABELS)}
    found = {f"median_change_{name}": float(values.median()) for name, values in change.items()}
    return found | {"raised": float((change["score"] > 0).mean())}


def _labels(work: Path, source: str, video: str) -> dict[str, Any]:
    files, folder = (_reference(work, source), work / "videos" / video), work / "measures"
    measures = plain = cache.measured(*files, folder=folder)
    if not measures.tone.identity:
        # What everybody calls VMAF, to which a dark copy is a bad one.
        plain = cache.measured(*files, folder=folder, exposure_apart=False)
    label = fused.label(measures)
    return {"vmaf": plain.means["vmaf"], "fused": label.value, **label.impairments}


def _reference(work: Path, source: str) -> Path:
    (work / "references").mkdir(exist_ok=True)
    return work / "references" / f"{source}.mkv"


def _show(results: dict[str, Any]) -> None:
    console = Console(width=120)
    title = f"{results['model']}: {results['versions']} versions, {results['contents']} contents"
    table = Table(
        "versions", "label", "SRCC", "pairs", "order", "half width", "coverage", title=title
    )
    for name, labels in results["sets"].items():
        for label, one in labels.items():
            table.add_row(
                name,
                label,
                _text(one["srcc"]),
                str(one.get("pairs", "")),
                _text(one.get("order")),
                _text(one.get("half_width")),
                _text(one.get("coverage")),
            )
    console.print(table)
    keys = ("versions", "srcc_vmaf", "srcc_fused", "order_vmaf", "order_fused", "pairs_fused")
    keys += ("mean_vmaf", "mean_fused", "mean_score", "half_width", "coverage")
    table = Table("kind", *(key.replace("_", " ") for key in keys))
    for kind, one in results["kinds"].items():
        table.add_row(kind, *(_text(one[key]) for key in keys))
    console.print(table)
    table = Table("edit", "score, median change", "VMAF", "fused label", "raises the score of")
    for kind, one in results["edits"].items():
        table.add_row(
            kind,
            *(f"{one[f'median_change_{name}']:+.2f}" for name in ("score", *LABELS)),
            f"{one['raised']:.0%}",
        )
    console.print(table)


def _text(value: Any) -> str:  # noqa: ANN401 - a number, an interval or nothing
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shipped", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="folder of a student; that of the package")
    parser.add_argument("--demo", type=Path, default=Path("data/demo/params.yaml"))
    parser.add_argument(
        "--together", nargs="*", default=[], help="prefixes of file names: clips of one content"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
