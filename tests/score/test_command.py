"""`vq score`: a row for every input, on the right stream, with the right exit code."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.score.toy import BRIGHTNESS, random_network, write_bundle, write_video
from vq import cli


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a student, two videos and a file that is none; we stand in it."""
    write_bundle(tmp_path / "artifacts/student", *BRIGHTNESS)
    write_video(tmp_path / "videos/black.mkv", level=lambda _: 0)
    write_video(tmp_path / "videos/white.mkv")
    (tmp_path / "videos/notes.mp4").write_text("not a video")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_input_gets_a_row(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bad ones too, in order; then the exit code is 1."""
    code = cli.main(["score", "videos", "gone.mp4", "*.y4m", "--format", "csv"])

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["video"], row["status"]) for row in rows] == [
        ("videos/black.mkv", "ok"),
        ("videos/notes.mp4", "unreadable"),
        ("videos/white.mkv", "ok"),
        ("gone.mp4", "missing"),
        ("*.y4m", "missing"),
    ]
    assert float(rows[0]["score"]) == pytest.approx(3)
    assert code == 1


def test_all_scored_is_success(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, and nothing but the rows on standard output."""
    assert cli.main(["score", "videos/*.mkv", "--format", "json"]) == 0

    captured = capsys.readouterr()
    black, white = json.loads(captured.out)
    assert black["score"] < white["score"]
    assert captured.err == ""


def test_the_table_says_what_a_score_means(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the default form."""
    assert cli.main(["score", "videos/black.mkv"]) == 0

    out = capsys.readouterr().out
    assert "3.000" in out
    assert "1 to 5, higher is better" in out


def test_rows_go_to_a_file(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder that need not exist; nothing is left beside it."""
    output = workspace / "new/scores.json"

    assert cli.main(["score", "videos/black.mkv", "--format", "json", "--output", str(output)]) == 0

    assert capsys.readouterr().out == ""
    assert json.loads(output.read_text())[0]["status"] == "ok"
    assert list(output.parent.iterdir()) == [output]


def test_a_file_that_cannot_be_written_is_said_first(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after an hour of scoring; and nothing is left behind."""
    monkeypatch.setattr("vq.score.crew.Crew.score", None)
    before = sorted(workspace.rglob("*"))

    assert cli.main(["score", "videos", "--output", "videos/white.mkv/rows.csv"]) == 2

    assert "videos/white.mkv/rows.csv: cannot be written (" in capsys.readouterr().err
    assert sorted(workspace.rglob("*")) == before


def test_a_folder_is_no_file_for_the_rows(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That too is said before the work."""
    monkeypatch.setattr("vq.score.crew.Crew.score", None)

    assert cli.main(["score", "videos", "--output", "videos"]) == 2

    assert "videos: is a folder; name a file in it" in capsys.readouterr().err


def test_synthetic_opinion_is_said_once(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody may mistake it for people's; one line on standard error, however many the rows."""
    write_bundle(workspace / "artifacts/student", *BRIGHTNESS, opinion="synthetic")

    cli.main(["score", "videos", "--format", "csv"])

    captured = capsys.readouterr()
    assert captured.err.count("synthetic MOS") == len(captured.err.splitlines()) == 1
    assert "synthetic" not in captured.out


def test_no_student_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to do comes with it."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["score", "a.mp4"]) == 2

    assert capsys.readouterr().err == (
        "vq score: error: artifacts/student: no student here; run `dvc repro` or give --model\n"
    )


def test_no_registry_is_explained(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And none is made."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    assert cli.main(["score", "videos", "--model", "models:/vq-student@champion"]) == 2

    assert "there is no registry here (mlflow.db)" in capsys.readouterr().err
    assert not (workspace / "mlflow.db").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["a.mp4", "--format", "xml"], ["a.mp4", "--threads", "0"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere on a command line."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score", *arguments])

    assert stopped.value.code == 2
    assert "usage: vq score" in capsys.readouterr().err


def test_scoring_imports_nothing_heavy(workspace: Path) -> None:
    """Scoring runs where torch is not installed, and starts fast where it is."""
    heavy = [
        "torch",
        "timm",
        "scipy",
        "pandas",
        "sklearn",
        "mlflow",
        "dvc",
        "prefect",
        "matplotlib",
    ]
    code = (
        "import sys; from vq import cli; "
        "code = cli.main(['score', 'videos/white.mkv']); "
        f"sys.exit(code or ' '.join(set({heavy}) & set(sys.modules)) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("inside", ["", "student"], ids=["at-the-root", "in-a-folder"])
def test_a_registered_student_scores(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    inside: str,
) -> None:
    """By alias, from the registry of the workspace, wherever in the model the bundle lies."""
    import mlflow

    # MLflow remembers a registry by its address: a relative one would be that of an earlier test.
    registry = f"sqlite:///{workspace / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry)
    request.addfinalizer(lambda: mlflow.set_tracking_uri(None))
    request.addfinalizer(lambda: mlflow.set_registry_uri(None))
    write_bundle(workspace / "model" / inside, *random_network(3))
    client = mlflow.MlflowClient(registry, registry)
    client.create_registered_model("vq-student")
    version = client.create_model_version("vq-student", (workspace / "model").as_uri())
    client.set_registered_model_alias("vq-student", "champion", version.version)

    arguments = ["score", "videos/white.mkv", "--format", "json", "--model"]
    assert cli.main([*arguments, "models:/vq-student@champion"]) == 0
    by_alias = json.loads(capsys.readouterr().out)
    assert cli.main([*arguments, str(workspace / "model" / inside)]) == 0
    by_folder = json.loads(capsys.readouterr().out)
    assert by_alias[0]["score"] == by_folder[0]["score"]

    assert cli.main([*arguments, "models:/vq-student@nobody"]) == 2
    assert "models:/vq-student@nobody: not in the registry" in capsys.readouterr().err
