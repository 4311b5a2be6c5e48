"""The stage writes a side for each content."""

from pathlib import Path

import pytest

from vq import params as schema
from vq.data import manifest as manifests
from vq.data import split as sides
from vq.errors import DataError
from vq.stages.split import split

PARAMS = schema.Split(salt="vq-1", validation=0.25, test=0.25, repeats=2)


def run(folder: Path, contents: int, *, versions: int = 3) -> Path:
    """The stage, on a manifest with some versions of each content."""
    rows: list[dict[str, object]] = [
        {"video": f"{content}_{version}.mp4", "content": f"content {content}", "problem": ""}
        for content in range(contents)
        for version in range(versions)
    ]
    manifests.write(manifests.build(rows), folder / "accepted.parquet")
    split(folder / "accepted.parquet", folder / "splits.csv", params=PARAMS, seed=7)
    return folder / "splits.csv"


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
