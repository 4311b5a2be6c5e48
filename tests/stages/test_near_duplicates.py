"""From files of real encoders to a split: what shows the same is one content."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import write_video
from tests.duplicates.scenes import scene
from vq import params as schema
from vq.data import split as sides
from vq.stages.import_ import import_
from vq.stages.split import split

CARD = "name: clips\nopinion: human\nscale: {min: 1, max: 5}\nlicence: none\n"
H264: Mapping[str, Any] = {"width": 160, "height": 120, "codec": "libx264", "pix_fmt": "yuv420p"}
VP9 = {**H264, "codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}
UPLOADS: Mapping[str, Mapping[str, Any]] = {
    "source.mp4": {**H264, "picture": scene(1)},
    "bad.mp4": {**H264, "width": 96, "height": 72, "picture": scene(1), "options": {"crf": "42"}},
    "other.webm": {**VP9, "picture": scene(1)},
    "mirrored.mp4": {**H264, "picture": scene(1, mirrored=True)},
    "cropped.mp4": {**H264, "picture": scene(1, crop=0.1)},
    "cut.mp4": {**H264, "picture": scene(1, start=13), "frames": 30},
    "all.webm": {**VP9, "picture": scene(1, start=9, crop=0.12, mirrored=True), "frames": 30},
}
"""One scene, and what people make of it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Uploads of one scene, and twelve other scenes, each a content of its own; imported."""
    folder = tmp_path_factory.mktemp("uploads")
    others = {f"scene{seed}.mp4": {**H264, "picture": scene(seed)} for seed in range(2, 14)}
    for name, how in {**UPLOADS, **others}.items():
        write_video(folder / "videos" / name, **{"frames": 50, **how})
    (folder / "labels.csv").write_text("video\n")
    (folder / "card.yaml").write_text(CARD)
    (folder / "columns.yaml").touch()
    import_(
        videos=folder / "videos",
        labels=folder / "labels.csv",
        card=folder / "card.yaml",
        columns=folder / "columns.yaml",
        manifest=folder / "accepted.parquet",
        twin=folder / "m.csv",
        fingerprints=folder / "prints.parquet",
        params=schema.Import(),
        jobs=2,
    )
    return folder


def run(folder: Path, near_duplicates: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits and finding."""
    how = {"salt": "uploads-2", "validation": 0.3, "test": 0.3, "repeats": 1}
    split(
        accepted=folder / "accepted.parquet",
        fingerprints=folder / "prints.parquet",
        splits=folder / "s.csv",
        near_duplicates=folder / "n.csv",
        params=schema.Split.model_validate({**how, "near_duplicates": near_duplicates}),
    )
    return sides.read(folder / "s.csv"), pd.read_csv(folder / "n.csv")


def test_what_uploads_make_of_a_video_is_joined_with_it(folder: Path) -> None:
    """Re-encoded, mirrored, cropped, cut and all of it; no other scene is."""
    splits, found = run(folder, "join")
    side = dict(zip(splits["content"], splits["split"], strict=True))

    with_source = found[(found[["video_a", "video_b"]] == "source.mp4").any(axis=1)]
    assert {*with_source["video_a"], *with_source["video_b"]} == set(UPLOADS)
    assert {*found["video_a"], *found["video_b"]} == set(UPLOADS)
    assert len({side[name] for name in UPLOADS}) == 1


def test_without_joining_they_leak(folder: Path) -> None:
    """The finding says so, and the split is that of somebody who does not look."""
    reported, found = run(folder, "report")
    ignored, nothing = run(folder, "off")

    pd.testing.assert_frame_equal(reported, ignored)
    assert len(nothing) == 0
    assert found["finding"].str.startswith("LEAK").any()
