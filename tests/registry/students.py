"""Made-up students that ask to be released, and the videos of their day."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from tests.scoring.toy import MOMENTS, SIDE_PX, write_bundle, write_video
from vq import params
from vq.data import manifest
from vq.features.cache import Cache
from vq.gates.verdict import Gate, Verdict
from vq.registry import release as releases
from vq.registry.candidate import Candidate, Videos
from vq.registry.flow_summary import Release
from vq.registry.release import Announce
from vq.registry.source import Source

SETTINGS = params.Release(
    model="vq-student",
    margin=0.05,
    confidence=0.9,
    bootstrap=200,
    max_score_ms=60_000.0,
    timed_videos=2,
)
CONTENTS = 8
"""Each with one video, rated by how bright it is; the second half are test contents."""
REDNESS = np.linspace(10, 240, CONTENTS).astype(np.uint8)
GOOD = np.array([1, 0, 0, 0], np.float32).reshape(1, 4, 1, 1), np.array([[0, 1]], np.float32)
"""A network that ranks by how red a video is: SRCC 1."""
BAD = GOOD[0], -GOOD[1]
"""Its opposite: SRCC -1."""
OPEN = Gate("srcc", 0.9, 0.8, 1.0, 0.75, True, "SRCC on test is 0.900.")
SHUT = Gate("size_mb", 12.0, None, None, 10.0, False, "The bundle has 12.00 MB.")

Make = Callable[..., Candidate]
Network = tuple[np.ndarray, np.ndarray]


def release(
    candidate: Candidate, root: Path, *, announce: Announce | None = None, **settings: object
) -> Release:
    """Release into the workspace of the test; some settings may be others."""
    known = SETTINGS.model_copy(update=settings)
    return releases.release(candidate, root=root, settings=known, seed=7, announce=announce)


def maker(root: Path) -> Make:
    """What writes a student; today's data are beside it."""
    videos = _videos(root)

    def make(network: Network, *gates: Gate, name: str = "a") -> Candidate:
        folder = root / name
        write_bundle(folder / "student", *network, licences=["data toy: CC0", "expert x: MIT"])
        (folder / "student" / "student.safetensors").write_bytes(name.encode())
        _write(folder / "verdict.json", Verdict(gates or (OPEN,)).to_json())
        srcc = {"value": 0.9, "low": 0.8, "high": None}
        _write(folder / "test.json", {"models": {"student": {"srcc": srcc}}})
        (folder / "report.html").write_text("<!doctype html>")
        (folder / "model_card.md").write_text(f"# Student {name}\n")
        (folder / "params.yaml").write_text("seed: 7\nsplit: {salt: vq-1}\n")
        write_lock(folder / "dvc.lock")
        return Candidate(
            student=folder / "student",
            verdict=folder / "verdict.json",
            test=folder / "test.json",
            report=folder / "report.html",
            model_card=folder / "model_card.md",
            videos=videos,
            params=folder / "params.yaml",
            lock=folder / "dvc.lock",
            source=Source("0123abc"),
        )

    return make


def write_lock(path: Path, **other: object) -> None:
    """What dvc writes of two stages: `seed`, `floor`, `data` and `code` may be others."""
    stand = {"seed": 7, "floor": 0.75, "data": "d1", "code": "c1", "cmd": "x", "at": "videos"}
    now = stand | other
    deps = [
        {"path": now["at"], "hash": "md5", "md5": now["data"], "size": 10, "nfiles": 2},
        {"path": "vq/training", "hash": "md5", "md5": now["code"], "size": 10, "nfiles": 2},
    ]
    distill = {"cmd": now["cmd"], "deps": deps, "params": {"params.yaml": {"seed": now["seed"]}}}
    judge = {"cmd": "y", "deps": [], "params": {"params.yaml": {"judge.floor": now["floor"]}}}
    stages = {"distill": distill, "judge": judge}
    path.write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))


def write_splits(path: Path, *, test: range) -> None:
    """Put some contents into the test, the others into training."""
    lines = [f"c{n},{'test' if n in test else 'train'}," for n in range(CONTENTS)]
    path.write_text("\n".join(["content,split,repeat_0", *lines, ""]))


def same(level: int, _: int) -> int:
    """The same brightness in each frame."""
    return level


def _videos(root: Path) -> Videos:
    shas = [f"{number:064d}" for number in range(CONTENTS)]
    rows: list[dict[str, object]] = []
    for number, (sha, red) in enumerate(zip(shas, map(int, REDNESS), strict=True)):
        video = write_video(root / "videos" / f"{number}.mkv", level=partial(same, red))
        rows.append(
            {
                "video": video.name,
                "sha256": sha,
                "mos": float(red),
                "content": f"c{number}",
                "dataset": "toy",
            }
        )
    # A rated test video of another data set, which is none of the contest's business: no file.
    rows.append({**rows[-1], "video": "other.mkv", "sha256": "f" * 64, "dataset": "other"})
    manifest.write(manifest.build(rows), root / "accepted.parquet")
    write_splits(root / "splits.csv", test=range(CONTENTS // 2, CONTENTS))
    shape = (MOMENTS, 4, SIDE_PX, SIDE_PX)
    views = {sha: np.full(shape, red, np.uint8) for sha, red in zip(shas, REDNESS, strict=True)}
    Cache(root / "cache").write("views-0", views)
    spec = {"key": "views-0", "moments": MOMENTS, "grid": 2, "patch_px": 8}
    index = {"cache": "cache", "experts": {}, "views": spec, "videos": CONTENTS, "failed": {}}
    _write(root / "features.json", index)
    return Videos(
        accepted=root / "accepted.parquet",
        splits=root / "splits.csv",
        index=root / "features.json",
        folder=root / "videos",
    )


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
