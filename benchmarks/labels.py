"""How long 10,000 rows take from a label file to accepted rows, without a video.

    python -m benchmarks.labels --rows 10000

Probes are made up, since opening videos has a benchmark of its own (`benchmarks/probe.py`): what is
timed is `vq labels`, reading `labels.csv`, building and writing the manifest, and `validate`.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from vq import params as schema
from vq.cli import main as vq
from vq.data import labels_csv
from vq.data import manifest as manifests
from vq.stages.validate import validate

PROBED = {
    "width": 640, "height": 360, "fps": 30.0, "frames": 300, "duration_s": 10.0, "codec": "h264",
    "pix_fmt": "yuv420p", "bit_depth": 8, "hdr": "", "interlaced": 0.0, "vfr": 0.0, "resizes": 0,
    "rotation": 0, "brightness": 120.0, "motion": 1.0, "black": 0.0, "frozen": 0.0,
}  # fmt: skip


def main() -> int:
    """Time each step once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    root = Path(__file__).parents[1]
    settings = schema.load(root / "params.yaml").validate_
    rng = np.random.default_rng(given.seed)
    with tempfile.TemporaryDirectory(prefix="vq-labels-") as name:
        folder = Path(name)
        lines = [f"{row:06}.mp4,{mos:.3f}" for row, mos in enumerate(rng.uniform(1, 5, given.rows))]
        (folder / "theirs.csv").write_text("\n".join(["clip,Score", *lines]))
        marks = [time.perf_counter()]
        command = ["labels", "own", str(folder / "theirs.csv"), "--out", str(folder / "set"),
                   "--column", "video=clip", "--column", "mos=Score", "--scale", "1", "5",
                   "--better", "higher", "--opinion", "human", "--licence", "own"]  # fmt: skip
        if vq(command):
            return 1
        marks.append(time.perf_counter())
        _import(folder)
        marks.append(time.perf_counter())
        validate(
            manifest=folder / "manifest.parquet",
            card=folder / "set/card.yaml",
            expectations=folder / "set/expectations.yaml",
            accepted=folder / "accepted.parquet",
            quarantine=folder / "quarantine.csv",
            summary=folder / "reports/validate.json",
            params=settings,
        )
        marks.append(time.perf_counter())
        said = yaml.safe_load((folder / "reports/validate.json").read_text())
    steps = zip(("vq labels", "manifest", "validate"), np.diff(marks), strict=True)
    sys.stdout.write("".join(f"{step}: {seconds:.2f} s\n" for step, seconds in steps))
    sys.stdout.write(f"all: {marks[-1] - marks[0]:.2f} s, {said['accepted']} rows accepted\n")
    return 0


def _import(folder: Path) -> None:
    rows = [
        {**PROBED, **label.values, "video": label.video, "sha256": f"{place:064x}",
         "dataset": "set", "content": label.video, "problem": label.problem}
        for place, label in enumerate(labels_csv.read(folder / "set/labels.csv"))
    ]  # fmt: skip
    for file in ("manifest.parquet", "manifest.csv"):
        manifests.write(manifests.build(rows), folder / file)


if __name__ == "__main__":
    raise SystemExit(main())
