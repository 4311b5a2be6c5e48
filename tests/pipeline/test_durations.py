"""What stages cost is known from their last runs."""

from pathlib import Path

import pytest

from vq.pipeline import durations


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    (tmp_path / ".dvc").mkdir()
    return tmp_path


def known(root: Path) -> dict[str, tuple[float, ...]]:
    """What the file of a workspace says."""
    return durations.parse((root / durations.FILE).read_bytes())


def test_the_last_runs_are_kept_and_older_ones_forgotten(root: Path) -> None:
    """Of each stage; the latest is last."""
    durations.record(root / "artifacts/splits.csv", "split", 1.04)
    for seconds in range(durations.RUNS + 2):
        durations.record(root / "artifacts/teacher", "teach", float(seconds))

    assert known(root) == {"split": (1.0,), "teach": (2, 3, 4, 5, 6)}


def test_outside_a_workspace_nothing_is_written(tmp_path: Path) -> None:
    """`vq STAGE` works on any files."""
    durations.record(tmp_path / "splits.csv", "split", 1.0)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("{\n<<<<<<< HEAD\n", id="a-merge"),
        pytest.param('{"split": 1.0}', id="no-list"),
        pytest.param('{"split": []}', id="no-run"),
        pytest.param("[1]", id="no-object"),
    ],
)
def test_a_broken_file_costs_no_run(
    root: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The stage has worked for hours: its seconds begin a new file, and the log says so."""
    (root / "reports").mkdir()
    (root / durations.FILE).write_text(broken)

    durations.record(root / "artifacts/splits.csv", "split", 2.0)

    assert known(root) == {"split": (2.0,)}
    assert "begun anew" in caplog.text
