"""The benchmark of many clips."""

from pathlib import Path

import pytest

from benchmarks import throughput
from tests.conftest import write_video


def test_each_way_gives_the_same_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without a score is a row, too."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "videos"
    for name in ("a", "b"):
        write_video(folder / f"{name}.mkv", 8, codec="ffv1", width=32, height=32)
    (folder / "c.mkv").write_text("no video")

    throughput.main(["--videos", str(folder), "--rounds", "1"])

    said = capsys.readouterr().out
    assert "3 videos, 1 without a score; the same rows each way" in said
    assert all(name in said for name in throughput.HOW)


def test_other_rows_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Speed says nothing if the scores are others."""
    runs = iter(range(9))
    monkeypatch.setattr(
        throughput, "run", lambda *_: throughput.Run(1.0, 1.0, 1.0, [{"score": next(runs)}])
    )

    with pytest.raises(SystemExit, match="rows differ"):
        throughput.main(["--videos", str(tmp_path)])
