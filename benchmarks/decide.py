"""Whether `vq score --decide` holds its error on unseen contents, and what it saves.

    python -m benchmarks.decide score --videos DIR --out FILE.jsonl [--seconds N]
    python -m benchmarks.decide check --films FILE.jsonl --table films.csv [--real FILE.jsonl]
    python -m benchmarks.decide calibrate --films FILE.jsonl --table films.csv --model DIR
    python -m benchmarks.decide cost --videos DIR --model DIR --threshold 3

`score` writes what each stage says of each video of a folder; it goes on where it stopped. `check`
calibrates on the films (`benchmarks.unseen_films`) of three quarters of the contents and counts
wrong decisions on those of the fourth, in turns, and on real videos, which calibrated nothing.
`calibrate` writes the numbers of all films into a bundle, and its reference collection. `cost`
scores videos with `exact` and decides on them, in turns, and compares the CPU of both.
"""

import argparse
import csv
import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from vq.errors import VqError
from vq.inference import card as cards
from vq.inference import runtime, score_all_modes, sure_calibration
from vq.inference.calibrate import reference
from vq.inference.score_all_modes import StageScores
from vq.inference.stages import STAGES, THOROUGH
from vq.inference.sure import Sureness
from vq.video.suffixes import SUFFIXES
from vq.workers.limits import Limits

SHIPPED = Path("vq/scoring/shipped")
FOLDS = 4
THRESHOLDS = (2.5, 3.0, 3.5, 4.0)


def main(argv: Sequence[str] | None = None) -> None:
    """Do what is asked for."""
    args = _parse(argv)
    {"score": _score, "check": _check, "calibrate": _calibrate, "cost": _cost}[args.what](args)


def decided(one: StageScores, sure: Sureness, threshold: float, error: float) -> tuple[str, bool]:
    """The stage that decides on a video, and whether that is above the threshold."""
    risk = sure.level(threshold, error)
    for stage in STAGES:
        if stage == THOROUGH:
            return stage, one.scores[stage] >= threshold
        if stage in one.scores:
            ends = sure.bounds(stage, one.scores[stage], several=one.several, error=risk)
            if ends is not None and (ends[1] >= threshold or ends[2] < threshold):
                return stage, ends[0] >= threshold
    raise ValueError(f"{one} has no thorough score")


def _score(args: argparse.Namespace) -> None:
    model = runtime.load(args.model, limits=Limits(megapixels=1e9, frames=10**12))
    args.out.touch()
    done = {row["video"] for row in map(json.loads, args.out.read_text().splitlines())}
    start = time.monotonic()
    with args.out.open("a") as out:
        for path in _videos(args.videos):
            if path.name in done or time.monotonic() - start > args.seconds:
                continue
            try:
                _, stages = score_all_modes.score_video(model, path)
            except VqError as error:
                sys.stderr.write(f"{path}: left out: {error}\n")
                continue
            out.write(json.dumps({"video": path.name} | asdict(stages)) + "\n")
            out.flush()


def _check(args: argparse.Namespace) -> None:
    films, contents = _films(args)
    folds = np.array([zlib.crc32(content.encode()) % FOLDS for content in contents])
    sure = [_fit(films, contents, folds != fold) for fold in range(FOLDS)]
    pools = {"films": [(one, sure[fold]) for one, fold in zip(films, folds.tolist(), strict=True)]}
    for path in args.real:
        whole = _fit(films, contents, np.ones(len(films), bool))
        pools[path.stem] = [(one, whole) for one in _read(path).values()]
    for name, pool in pools.items():
        for error in (0.01, 0.05):
            wrong = total = 0
            for threshold in THRESHOLDS:
                sides_of = [decided(one, s, threshold, error) for one, s in pool]
                right = [one.scores[THOROUGH] >= threshold for one, _ in pool]
                bad = sum(a[1] != b for a, b in zip(sides_of, right, strict=True))
                stages = Counter(stage for stage, _ in sides_of)
                shares = "  ".join(f"{s} {stages[s] / len(pool):.2f}" for s in STAGES)
                _say(f"{name} {error:.0%} at {threshold}: {_share(bad, len(pool))}   {shares}")
                wrong, total = wrong + bad, total + len(pool)
            _say(f"{name} {error:.0%} at all: {_share(wrong, total)} (not independent)")


def _calibrate(args: argparse.Namespace) -> None:
    films, contents = _films(args)
    card, _ = cards.load(args.model)
    single = np.array([not content.startswith("join") for content in contents])
    exact = np.array([one.scores["exact"] for one in films])[single]
    text = f"films of {len(np.unique(contents[single]))} unseen contents, damaged in ladders"
    changed = replace(
        card,
        sure=_fit(films, contents, np.ones(len(films), bool)),
        reference=reference(exact, text),
    )
    (args.model / "card.json").write_text(cards.dumps(changed))


def _cost(args: argparse.Namespace) -> None:
    """CPU of a thread: the network has one, and so has the decoder."""
    model = runtime.load(args.model)
    rows: list[dict[str, Any]] = []
    asked: dict[str, dict[str, Any]] = {
        "exact": {}, "decide": {"threshold": args.threshold, "error": args.error},
    }  # fmt: skip
    for path in _videos(args.videos):
        row: dict[str, Any] = {"video": path.name}
        for _ in range(args.rounds):
            for name, how in asked.items():
                start = time.process_time()
                scored = model.score(path, **how)
                row.setdefault(name, []).append(time.process_time() - start)
                row[f"{name}_score"] = scored.score
        start = time.process_time()
        thorough = model.score(path, mode="thorough")
        row["thorough"] = [time.process_time() - start]
        if thorough.score is None:
            continue
        decision = model.score(path, **asked["decide"])
        row |= {"stage": decision.stage, "thorough_score": thorough.score}
        row["wrong"] = (decision.side == "above") != (thorough.score >= args.threshold)
        rows.append(row)
    cpu = {name: sum(float(np.median(row[name])) for row in rows) for name in (*asked, "thorough")}
    stages = Counter(row["stage"] for row in rows)
    _say(f"{len(rows)} videos at {args.threshold}, error {args.error:.0%}")
    _say("  ".join(f"{stage} {stages[stage]}" for stage in STAGES))
    _say(f"wrong {_share(sum(row['wrong'] for row in rows), len(rows))}")
    _say("  ".join(f"{name} {one:.2f} s" for name, one in cpu.items()))
    _say(f"decide {cpu['decide'] / cpu['exact']:.2f} of exact")
    if args.out:
        args.out.write_text(json.dumps({"cpu": cpu, "rows": rows}, indent=1) + "\n")


def _films(args: argparse.Namespace) -> tuple[list[StageScores], np.ndarray]:
    scores = _read(args.films)
    with args.table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["video"] in scores]
    return (
        [scores[row["video"]] for row in rows],
        np.array([row["content"] for row in rows]),
    )


def _read(path: Path) -> dict[str, StageScores]:
    rows = map(json.loads, path.read_text().splitlines())
    return {row["video"]: StageScores(row["several"], row["scores"]) for row in rows}


def _fit(films: Sequence[StageScores], contents: np.ndarray, rows: np.ndarray) -> Sureness:
    chosen = [one for one, wanted in zip(films, rows, strict=True) if wanted]
    sure = sure_calibration.fit(chosen, contents[rows])
    if sure is None:
        raise SystemExit("decide: too few films to calibrate on")
    return sure


def _share(part: int, whole: int) -> str:
    """With the interval of Clopper and Pearson, 95 %."""
    low = beta.ppf(0.025, part, whole - part + 1) if part else 0.0
    high = beta.ppf(0.975, part + 1, whole - part) if part < whole else 1.0
    return f"{part} of {whole} = {part / whole:.4f} [{low:.4f}, {high:.4f}]"


def _videos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decide", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    score, check, calibrate, cost = (
        commands.add_parser(name) for name in ("score", "check", "calibrate", "cost")
    )
    for command in (score, cost):
        command.add_argument("--videos", type=Path, required=True)
    for command in (score, calibrate, cost):
        command.add_argument("--model", type=Path, default=SHIPPED)
    for command in (check, calibrate):
        command.add_argument("--films", type=Path, required=True)
        command.add_argument("--table", type=Path, required=True)
    score.add_argument("--out", type=Path, required=True)
    score.add_argument("--seconds", type=float, default=1e9, help="begin no video after so long")
    check.add_argument("--real", type=Path, nargs="*", default=[])
    cost.add_argument("--out", type=Path)
    cost.add_argument("--threshold", type=float, default=3.0)
    cost.add_argument("--error", type=float, default=0.01)
    cost.add_argument("--rounds", type=int, default=3)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
