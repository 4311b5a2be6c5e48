"""A few dozen damaged files through import, extraction and scoring: each ends as a row."""

import json
from pathlib import Path

import numpy as np

from benchmarks import fuzz_videos


def test_every_damaged_file_ends_as_a_row(tmp_path: Path) -> None:
    """No process of ours ends with a file, and no row is without a finite number or a reason."""
    formats = ["h264.mp4", "hevc.ts", "vp8.webm", "mpeg4.avi", "mpeg2.mpg", "ffv1.mkv", "h264.flv"]

    code = fuzz_videos.main(
        [
            "--out",
            str(tmp_path),
            "--files",
            "63",
            "--seed",
            "3",
            "--jobs",
            "1",
            "--formats",
            *formats,
        ]
    )

    found = json.loads((tmp_path / "fuzz.json").read_text())
    assert (code, found["faults"], found["files"]) == (0, [], 63)
    scored = {fate["scored"] for fate in found["fates"]}
    assert {"ok", "unreadable"} <= scored
    assert {fate["damage"] for fate in found["fates"]} == set(fuzz_videos.DAMAGES)


def test_damage_is_done_and_is_the_same_for_the_same_seed() -> None:
    """Otherwise a file that ended a process could not be made again."""
    one, other = (np.random.default_rng(seed).bytes(4000) for seed in (1, 2))
    for damage in fuzz_videos.DAMAGES.values():
        made = [damage(one, other, np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4)]

        assert made[0] == made[1]
        assert set(made) != {one}
