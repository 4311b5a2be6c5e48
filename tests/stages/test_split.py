"""The stage writes a side for each content."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vq import params as schema
from vq.data import fingerprint_store
from vq.data import manifest as manifests
from vq.data import split as sides
from vq.errors import DataError
from vq.stages.split import split
from vq.video.fingerprint import WINDOWS, Fingerprint

PARAMS = schema.Split(salt="vq-1", validation=0.25, test=0.25, repeats=2)


def run(folder: Path, contents: int, *, versions: int = 3, params: schema.Split = PARAMS) -> Path:
    """The stage, on a manifest with some versions of each content.

    Each video has a look of its own, but for content 3, whose first video is one of content 1.
    """
    rows: list[dict[str, object]] = [
        {
            "video": f"{content}_{version}.mp4",
            "sha256": f"{versions * content + version:064x}",
            "content": f"content {content}",
            "problem": "",
        }
        for content in range(contents)
        for version in range(versions)
    ]
    manifests.write(manifests.build(rows), folder / "accepted.parquet")
    rng = np.random.default_rng(1)
    looks = [rng.integers(0, 2**63, (8, 1), np.uint64) for _ in rows]
    if contents > 3:
        looks[3 * versions] = looks[1 * versions]
    prints = [
        Fingerprint(np.tile(a, len(WINDOWS)), np.stack([a[:, 0], ~a[:, 0]]), 1.0) for a in looks
    ]
    keyed = {str(row["sha256"]): one for row, one in zip(rows, prints, strict=True)}
    fingerprint_store.write(keyed, folder / "fingerprints.parquet")
    split(**files(folder), params=params)
    return folder / "splits.csv"


def files(folder: Path) -> dict[str, Path]:
    """Files of the stage, by argument."""
    return {
        "accepted": folder / "accepted.parquet",
        "fingerprints": folder / "fingerprints.parquet",
        "splits": folder / "splits.csv",
        "near_duplicates": folder / "near_duplicates.csv",
    }


def how(near_duplicates: str) -> schema.Split:
    """Params, with what is done about near-duplicates."""
    return schema.Split.model_validate(
        PARAMS.model_dump() | {"near_duplicates": near_duplicates, "salt": "leaks"}
    )


def test_each_content_is_there_once(tmp_path: Path) -> None:
    """Sorted, so that diffs are short."""
    table = sides.read(run(tmp_path, contents=40))

    assert list(table.columns) == ["content", "split", "repeat_0", "repeat_1"]
    assert table["content"].tolist() == sorted(f"content {number}" for number in range(40))


def test_new_videos_move_no_old_ones(tmp_path: Path) -> None:
    """Lines are added, none changes."""
    before = run(tmp_path, contents=40).read_text().splitlines()
    after = run(tmp_path, contents=60).read_text().splitlines()

    assert set(before) < set(after)


def test_two_contents_are_too_few(tmp_path: Path) -> None:
    """Nothing is written that looks like a split."""
    with pytest.raises(DataError, match="too few contents on a side"):
        run(tmp_path, contents=2)

    assert not (tmp_path / "splits.csv").exists()


def test_what_shows_the_same_comes_to_one_side(tmp_path: Path) -> None:
    """Both contents in whole; all others stay where they are. The pair is listed."""
    apart = sides.read(run(tmp_path, 40, params=how("off"))).set_index("content")
    joined = sides.read(run(tmp_path, 40, params=how("join"))).set_index("content")
    pair = ["content 1", "content 3"]

    assert apart.loc[pair, "split"].nunique() == 2
    for column in joined:
        assert joined.loc[pair, column].nunique() == 1
    pd.testing.assert_frame_equal(joined.drop(pair), apart.drop(pair))
    (found,) = pd.read_csv(tmp_path / "near_duplicates.csv").to_dict("records")
    assert (found["video_a"], found["video_b"], found["share"]) == ("1_0.mp4", "3_0.mp4", 1.0)
    assert (found["content_a"], found["content_b"]) == tuple(pair)
    assert found["split_a"] == found["split_b"] == joined.loc["content 1", "split"]
    assert found["finding"].startswith("joined")


def test_a_leak_that_is_reported_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The split is as without; whoever reads the log or the file knows what to do."""
    apart = run(tmp_path, 40, params=how("off")).read_bytes()
    reported = run(tmp_path, 40, params=how("report")).read_bytes()

    assert reported == apart
    (found,) = pd.read_csv(tmp_path / "near_duplicates.csv").to_dict("records")
    assert found["split_a"] != found["split_b"]
    assert found["finding"].startswith("LEAK: on two sides; name one content in labels.csv, or set")
    assert "1 pair of videos of 2 contents that show the same; 1 on two sides" in caplog.text


def test_who_does_not_look_finds_nothing(tmp_path: Path) -> None:
    """Not even the file is read; its header is written."""
    run(tmp_path, 40, params=how("off"))
    (tmp_path / "fingerprints.parquet").unlink()

    split(**files(tmp_path), params=how("off"))

    assert len(pd.read_csv(tmp_path / "near_duplicates.csv")) == 0
    with pytest.raises(DataError, match=r"fingerprints\.parquet: no such file; run `vq import`"):
        split(**files(tmp_path), params=how("join"))


def test_fingerprints_of_other_videos_are_refused(tmp_path: Path) -> None:
    """They have to be of the same run of import."""
    run(tmp_path, 40)
    fingerprint_store.write({}, tmp_path / "fingerprints.parquet")

    with pytest.raises(DataError, match=r"lacks 120 videos .*; run `vq import` again"):
        split(**files(tmp_path), params=PARAMS)
    (tmp_path / "fingerprints.parquet").write_text("video\n")
    with pytest.raises(DataError, match="no file of fingerprints"):
        split(**files(tmp_path), params=PARAMS)
