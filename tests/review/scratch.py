"""A workspace in which the pipeline is a few copies: under real git and real dvc, run in a second.

Its stages bear the names of the project's and write files of the same form, made by hand.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.workspace import ROOT, commit, run
from vq.pipeline import run_stages

PIPELINE = """\
stages:
  import:
    cmd: cp given/manifest.csv manifest.csv
    deps: [given/manifest.csv, given/card.yaml, given/columns.yaml]
    outs: [manifest.csv]
  prune:
    cmd: cp given/prune.csv prune.csv
    deps: [manifest.csv, given/prune.csv]
    params: [prune]
    metrics: [prune.csv: {cache: false}]
  distill:
    cmd: cp given/scores.csv student
    deps: [manifest.csv, given/scores.csv, code]
    params: [seed, distill]
    outs: [student]
  evaluate:
    cmd: cp given/validation.json validation.json && cp student predictions.csv
    deps: [student, given/validation.json, weights]
    params: [seed, evaluate]
    outs: [predictions.csv]
    metrics: [validation.json: {cache: false}]
  judge:
    cmd: cp given/verdict.json verdict.json
    deps: [validation.json, given/verdict.json]
    params: [judge]
    metrics: [verdict.json: {cache: false}]
"""
PARAMS = {
    "bootstrap: 2000 ": "bootstrap: 200 ",
    "max_dropped: 0.02": "max_dropped: 0.1",
    "max_relabelled: 0.05": "max_relabelled: 0.1",
}
"""What differs from the project's own params.yaml."""
CARD = "{name: mine, opinion: human, scale: {min: 1, max: 5}, licence: ours}\n"
VIDEOS = [f"{content}{version}.mp4" for content in "abcdefgh" for version in (1, 2)]
RATINGS = {video: f"{1 + 0.25 * place:.2f}" for place, video in enumerate(VIDEOS)}


def make(root: Path) -> Path:
    """A workspace that has run once; the branch is `main`, and all is in git."""
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvc/config").write_text(
        "[core]\n    remote = team\n['remote \"team\"']\n    url = ../../shared\n"
    )
    for folder in ("given", "code", "weights"):
        (root / folder).mkdir()
    (root / "code/loss.py").write_text("weight = 1\n")
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    for old, new in PARAMS.items():
        edit(root, "params.yaml", old, new)
    (root / "requirements.lock").write_text("numpy==2.4.0\ntorch==2.15.0\n    # via timm\n")
    (root / "given/card.yaml").write_text(CARD)
    (root / "given/columns.yaml").write_text("order:\n  apart: 0.2  # least difference\n")
    (root / "weights/hub.lock").write_text("files: {}\n")
    rate(root, RATINGS)
    score(root, 0.4)
    prune(root, distortion="the best first effect", quality="")
    judge(root, plcc=0.9, srcc=0.8)
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    update(root)
    commit(root, "A run")
    return root


def rate(root: Path, ratings: Mapping[str, str]) -> None:
    """Say what the manifest has."""
    rows = (
        {"video": v, "sha256": f"hash of {v}", "mos": m, "content": v[0], "dataset": "mine"}
        for v, m in ratings.items()
    )
    _write(root / "given/manifest.csv", rows)


def score(root: Path, error: float) -> None:
    """Say how well the student scores: every other video is too high by twice the error."""
    rows = [
        {"video": v, "content": v[0], "split": "validation", "mos": m}
        | {"student": f"{float(m) + 2 * error * (n % 2):.4f}"}
        for n, (v, m) in enumerate(RATINGS.items())
    ]
    # Test videos that are all wrong: whoever shows them is found out.
    rows += [
        {**row, "video": f"test-{row['video']}", "split": "test", "student": "1"} for row in rows
    ]
    _write(root / "given/scores.csv", rows)
    told: dict[str, Any] = {"value": 1 - error / 10, "low": 0.5, "high": 1.0}
    models = {"student": dict.fromkeys(("srcc", "plcc", "rmse"), told)}
    slices = {
        "h264": {"n": 12, "srcc": 0.9, "mean_error": 0.0},
        "hevc": {"n": 8, "srcc": round(0.5 + error, 6), "mean_error": 0.0},
        "vp9": {"n": 2, "srcc": None, "mean_error": 0.0},
    }
    summary = {"models": models, "slices": {"codec": slices}}
    (root / "given/validation.json").write_text(json.dumps([summary]))


def prune(root: Path, **reasons: str) -> None:
    """Say which experts are kept, and why; those without a reason are dropped."""
    rows = (
        {"expert": name, "kept": str(bool(reason)), "reason": reason or "would not surely help"}
        for name, reason in reasons.items()
    )
    _write(root / "given/prune.csv", rows)


def judge(root: Path, **values: float) -> None:
    """Say what was measured for each gate, whose floor is 0.7."""
    gates = [
        {"name": name, "value": value, "low": value - 0.1, "high": value + 0.1, "threshold": 0.7}
        | {"passed": value >= 0.7, "sentence": f"{name.upper()} on test is {value:.3f}."}
        for name, value in values.items()
    ]
    verdict = {"accepted": min(values.values()) >= 0.7, "gates": gates}
    (root / "given/verdict.json").write_text(json.dumps(verdict))


def update(root: Path) -> list[str]:
    """Run what is stale; the answer is what ran."""
    return [stage for stage in run_stages.stages(root) if run_stages.update(root, stage)]


def edit(root: Path, file: str, old: str, new: str) -> None:
    """Replace a text in a file that has it."""
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
