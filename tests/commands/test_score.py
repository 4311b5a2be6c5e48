"""`vq score`: a row for every input, on the right stream, with the right exit code."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, random_network, write_bundle, write_video
from vq import cli
from vq.scoring import formats
from vq.scoring.journal import Journal


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
    monkeypatch.setattr("vq.scoring.scoring_pool.ScoringPool.score", None)
    before = sorted(workspace.rglob("*"))

    assert cli.main(["score", "videos", "--output", "videos/white.mkv/rows.csv"]) == 2

    assert "videos/white.mkv/rows.csv: cannot be written (" in capsys.readouterr().err
    assert sorted(workspace.rglob("*")) == before


def test_a_folder_is_no_file_for_the_rows(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That too is said before the work."""
    monkeypatch.setattr("vq.scoring.scoring_pool.ScoringPool.score", None)

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

    assert cli.main(["score", "a.mp4", "--model", "artifacts/student"]) == 2

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


def test_the_form_is_that_of_the_file(workspace: Path) -> None:
    """`--output scores.csv` says enough."""
    assert cli.main(["score", "videos/black.mkv", "--output", "scores.csv"]) == 0

    assert (workspace / "scores.csv").read_text().startswith("video,status,reason,score,low,high")


def test_lines_come_one_by_one(workspace: Path) -> None:
    """Whoever reads them need not wait for the last one."""
    videos = b"videos/black.mkv\nvideos/white.mkv\n"
    with _vq("score", "-", "--format", "jsonl") as scoring:
        first, second = map(json.loads, _talk(scoring, videos)[0].splitlines())

    assert (scoring.returncode, first["video"]) == (0, "videos/black.mkv")
    assert first["score"] < second["score"]


def test_a_reader_that_leaves_ends_the_run(workspace: Path) -> None:
    """`vq score ... | head -1` is common; it is no reason for a traceback."""
    with _vq("score", "videos", "--format", "jsonl", cwd=_many(workspace, 400)) as scoring:
        assert scoring.stdout
        assert scoring.stderr
        scoring.stdout.readline()
        scoring.stdout.close()
        said = scoring.stderr.read().decode()

    assert scoring.returncode == 1
    assert re.fullmatch(r"vq score: nobody reads the rows .* after \d+ of 400 videos\n", said)


def test_a_run_goes_on_where_it_stopped(workspace: Path) -> None:
    """Ctrl-C leaves a whole file; with --resume, the rest comes, in order and to the bit."""
    folder = _many(workspace, 300)
    whole = ["score", "videos", "videos/gone.mp4", "--output", "whole.csv"]
    with _vq(*whole, cwd=folder) as scoring:
        _talk(scoring)
    with _vq("score", "videos", "videos/gone.mp4", "--output", "part.csv", cwd=folder) as scoring:
        _wait_for(folder / ".part.csv.part", lines=20)
        scoring.send_signal(signal.SIGINT)
        _, said = _talk(scoring)

    done = _csv(folder / "part.csv")
    assert scoring.returncode == 130
    assert re.fullmatch(
        rf"vq score: interrupted after {len(done)} of 301 videos; part.csv has their rows, "
        r"the same command with --resume goes on\n",
        said.decode(),
    )
    assert 20 <= len(done) < 300
    assert sorted(path.name for path in folder.glob(".*")) == []

    with _vq(*whole[:3], "--output", "part.csv", "--resume", "--jobs", "2", cwd=folder) as scoring:
        _, said = _talk(scoring)

    assert scoring.returncode == 1  # gone.mp4
    assert f"{len(done)} of 301 videos have a score already" in said.decode()
    assert _timeless(folder / "part.csv") == _timeless(folder / "whole.csv")
    assert _csv(folder / "part.csv")[: len(done)] == done, "rows that were there stay, seconds too"


def test_a_killed_run_goes_on_from_its_journal(workspace: Path) -> None:
    """No signal handler runs then; what was written is enough, a half line is not."""
    folder = _many(workspace, 300)
    with _vq("score", "videos", "--output", "rows.parquet", cwd=folder) as scoring:
        _wait_for(folder / ".rows.parquet.part", lines=20)
        scoring.kill()
    with (folder / ".rows.parquet.part").open("ab") as file:
        file.write(b'{"video": "videos/1')

    with _vq("score", "videos", "--output", "rows.parquet", "--resume", cwd=folder) as scoring:
        _, said = _talk(scoring)

    rows = list(formats.read(folder / "rows.parquet", "parquet"))
    assert re.search(r"\d\d+ of 300 videos have a score already", said.decode())
    assert [row.video for row in rows] == [f"videos/{number:03}.mkv" for number in range(300)]
    assert {row.status for row in rows} == {"ok"}


@pytest.mark.parametrize("cut", [1, 20], ids=["no-line-end", "half-a-row"])
def test_a_row_that_was_cut_off_is_scored_again(workspace: Path, cut: int) -> None:
    """A full disk, or a kill in the middle of a line."""
    assert cli.main(["score", "videos/*.mkv", "--output", "rows.jsonl"]) == 0
    text = (workspace / "rows.jsonl").read_bytes()
    (workspace / "rows.jsonl").unlink()
    (workspace / ".rows.jsonl.part").write_bytes(text[:-cut])

    assert cli.main(["score", "videos/*.mkv", "--output", "rows.jsonl", "--resume"]) == 0

    rows = list(formats.read(workspace / "rows.jsonl", "jsonl"))
    assert [row.video for row in rows] == ["videos/black.mkv", "videos/white.mkv"]


def test_a_full_disk_is_said_and_loses_nothing(workspace: Path) -> None:
    """Files may not grow beyond a few rows here; with room, the run goes on."""
    folder = _many(workspace, 40)
    code = (
        "import resource, sys; from vq import cli\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "sys.exit(cli.main(['score', 'videos', '--output', 'rows.csv']))"
    )
    with _python(code, cwd=folder) as scoring:
        _, said = _talk(scoring)

    assert scoring.returncode == 2
    assert said.decode() == (
        "vq score: error: rows.csv: cannot be written (File too large); "
        "with --resume, the rows so far are kept\n"
    )
    with _vq("score", "videos", "--output", "rows.csv", "--resume", cwd=folder) as scoring:
        _, said = _talk(scoring)
    assert b"of 40 videos have a score already" in said
    assert [row["status"] for row in _csv(folder / "rows.csv")] == ["ok"] * 40


def test_a_failed_row_is_tried_again(workspace: Path) -> None:
    """And a row of a video that this run was not asked for stays."""
    assert cli.main(["score", "videos/black.mkv", "videos/notes.mp4", "--output", "r.jsonl"]) == 1
    write_video(workspace / "videos/notes.mp4.mkv").replace(workspace / "videos/notes.mp4")

    arguments = ["score", "videos/white.mkv", "videos/notes.mp4", "--output", "r.jsonl", "--resume"]
    assert cli.main(arguments) == 0

    rows = list(formats.read(workspace / "r.jsonl", "jsonl"))
    assert [(row.video, row.status) for row in rows] == [
        ("videos/black.mkv", "ok"),
        ("videos/white.mkv", "ok"),
        ("videos/notes.mp4", "ok"),
    ]


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet"])
def test_a_name_that_is_no_text_is_kept_and_found_again(
    workspace: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """Rows are text all the same; the next run knows the file by them, as a list and as rows."""
    name = os.fsdecode(b"caf\xe9.mkv")
    (workspace / "old").mkdir()
    (workspace / "videos/white.mkv").rename(workspace / "old" / name)
    score = ["score", "old", "--output", f"rows.{form}"]

    assert cli.main([*score, "--timeline", "old"]) == 0
    assert cli.main([*score, "--resume"]) == 0

    assert "1 of 1 video has a score already" in capsys.readouterr().err
    assert [row.video for row in formats.read(workspace / f"rows.{form}", form)] == [f"old/{name}"]
    timeline = json.loads((workspace / r"old/old_caf\xe9.mkv.json").read_bytes().decode())
    assert timeline["video"] == r"old/caf\xe9.mkv"
    if form != "parquet":
        assert r"caf\xe9" in (workspace / f"rows.{form}").read_bytes().decode().replace(r"\\", "\\")
    if form in ("csv", "parquet"):
        assert cli.main(["score", f"rows.{form}", "--format", "csv"]) == 0
        assert r"old/caf\xe9.mkv,ok" in capsys.readouterr().out


def test_scores_of_two_models_do_not_mix(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They cannot be compared, and nobody would see it."""
    arguments = ["score", "videos/white.mkv", "--output", "rows.csv"]
    cli.main(arguments)
    before = (workspace / "rows.csv").read_bytes()
    write_bundle(workspace / "artifacts/student", *random_network(3))

    assert cli.main([*arguments, "--resume"]) == 2

    assert re.search(
        r"rows\.csv: has scores of student-\w+, this run would add scores of student-\w+; name",
        capsys.readouterr().err,
    )
    assert (workspace / "rows.csv").read_bytes() == before


def test_two_runs_do_not_write_one_file(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both would lose."""
    with Journal(workspace / "rows.csv", "csv"):
        assert cli.main(["score", "videos", "--output", "rows.csv"]) == 2

    assert "rows.csv: another run is writing it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list.csv"], "list.csv: has no column `video`; name the column with the paths so"),
        (["videos", "--resume"], "--resume needs the --output to go on with"),
        (["videos", "--resume", "--output", "a.table"], "--resume does not support a table"),
        (["videos", "--format", "parquet"], "parquet is a file, not a text to print"),
        (["videos", "--timeline", "a.png"], "a.png: is one file for 3 videos; name a folder"),
        (["videos", "--output", "list.csv", "--resume"], "list.csv: holds no scores in the form"),
    ],
)
def test_what_cannot_work_is_said_in_a_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Exit code 2, and no traceback."""
    (workspace / "list.csv").write_text("path\nvideos/white.mkv\n")

    assert cli.main(["score", *arguments]) == 2

    captured = capsys.readouterr()
    assert captured.err.startswith(f"vq score: error: {said}")
    assert len(captured.err.splitlines()) == 1


def test_a_timeline_goes_into_a_file_or_a_folder(workspace: Path) -> None:
    """Numbers and picture; a video that cannot be scored has none."""
    assert cli.main(["score", "videos/white.mkv", "--timeline", "new/white.json"]) == 0
    assert cli.main(["score", "videos", "--timeline", "all"]) == 1

    told = json.loads((workspace / "new/white.json").read_text())
    assert (told["video"], told["worst"], len(told["scores"])) == ("videos/white.mkv", 0, 1)
    assert sorted(path.name for path in (workspace / "all").iterdir()) == [
        f"videos_{name}.mkv.{ending}" for name in ("black", "white") for ending in ("json", "png")
    ]


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


def test_nobody_is_told(workspace: Path) -> None:
    """ONNX Runtime would keep the session of its telemetry among the temporary files."""
    (workspace / "tmp").mkdir()
    code = "import sys; from vq import cli; sys.exit(cli.main(['score', 'videos/white.mkv']))"
    environment = {**os.environ, "TMPDIR": str(workspace / "tmp")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)

    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)

    assert list((workspace / "tmp").iterdir()) == []


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


def _vq(*arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    return _python("import sys; from vq import cli; sys.exit(cli.main())", *arguments, cwd=cwd)


def _python(code: str, *arguments: str, cwd: Path | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE),
        cwd=cwd,
    )


def _talk(scoring: subprocess.Popen[bytes], data: bytes = b"") -> tuple[bytes, bytes]:
    return scoring.communicate(data, timeout=120)


def _many(folder: Path, count: int) -> Path:
    """A folder like the workspace, with so many videos."""
    folder = folder / "many"
    write_bundle(folder / "artifacts/student", *BRIGHTNESS)
    video = write_video(folder / "videos/000.mkv")
    for number in range(1, count):
        (folder / f"videos/{number:03}.mkv").hardlink_to(video)
    return folder


def _wait_for(path: Path, *, lines: int) -> None:
    end = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < end
        time.sleep(0.01)


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _timeless(path: Path) -> list[dict[str, str]]:
    return [{**row, "seconds": ""} for row in _csv(path)]


def test_modes_are_not_mixed_in_one_file(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exact row is a legal answer to fast, where nothing was cheaper, but no other."""
    line = {"slope": 1.0, "intercept": 0.0, "interval": None, "exact_srcc": 1.0, "srcc": 1.0}
    modes = {"fast": line, "thorough": line}
    write_bundle(workspace / "artifacts/student", *BRIGHTNESS, modes=modes)
    score = ["score", "videos/*.mkv", "--output", "rows.csv"]

    assert cli.main([*score, "--mode", "thorough"]) == 0
    assert cli.main([*score, "--resume"]) == 2

    assert "has scores of mode thorough, this run would add exact ones" in capsys.readouterr().err
    assert cli.main(score) == 0
    assert cli.main([*score, "--mode", "fast", "--resume"]) == 0
