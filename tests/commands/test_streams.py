"""Services and cron close standard streams; the work is done all the same."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video

VQ = f"{sys.executable} -c 'import sys; from vq import cli; sys.exit(cli.main())'"
ROOT = Path(__file__).parents[1]
SAMPLE = ["black.mkv", "white.mkv"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student that has something to say, and two videos; one of several frames is damaged."""
    write_bundle(tmp_path / "artifacts/student", *BRIGHTNESS, opinion="synthetic")
    for name in SAMPLE:
        write_video(tmp_path / name)
    (tmp_path / "notes.mp4").write_text("not a video")
    return tmp_path


def sh(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a command in which VQ is ours."""
    return subprocess.run(
        ["sh", "-c", command.replace("VQ", VQ)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "closed", ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full"]
)
def test_rows_go_to_their_file_whatever_is_closed(folder: Path, closed: str) -> None:
    """The file holds rows alone: no message takes the number of a stream that was closed."""
    done = sh(f"VQ score black.mkv white.mkv notes.mp4 --output rows.csv {closed}", folder)

    assert done.returncode == 1  # notes.mp4
    with (folder / "rows.csv").open(newline="") as file:
        statuses = [row["status"] for row in csv.DictReader(file)]
    assert statuses == ["ok", "ok", "unreadable"]
    assert "Traceback" not in done.stderr


def test_rows_are_printed_where_messages_cannot_be(folder: Path) -> None:
    """Standard error may be closed or full."""
    for closed in ("2>&-", "2>/dev/full", "2>&- <&-"):
        done = sh(f"VQ score {' '.join(SAMPLE)} --format csv {closed}", folder)

        assert (done.returncode, done.stdout.count("\n")) == (0, 3)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("VQ score black.mkv >&-", "vq score: error: standard output is closed; name a file with"),
        ("VQ score black.mkv >/dev/full", "vq score: no rows go out ([Errno 28] No space left"),
        ("VQ score - --format csv <&-", "vq score: error: standard input cannot be read (Bad file"),
        ("VQ zoo >&-", "vq zoo: standard output: it cannot be written (Bad file descriptor)"),
        ("VQ zoo >/dev/full", "vq zoo: standard output: it cannot be written (No space left"),
        ("VQ zoo --json >/dev/full", "vq zoo: standard output: it cannot be written (No space"),
        ("VQ --help >&-", "vq --help: standard output: it cannot be written (Bad file"),
    ],
)
def test_what_cannot_work_is_a_sentence(folder: Path, command: str, said: str) -> None:
    """And exit code 2; other notes may stand before it."""
    done = sh(command, folder)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(said)
    assert not {"Traceback", "Exception ignored"} & set(done.stderr.split(":"))


def test_a_worker_writes_into_no_file_of_its_caller(folder: Path) -> None:
    """A service that began without standard error: number 2 is a database of its, say."""
    code = (
        "import vq\n"
        "with open('base.db', 'wb') as base:\n"
        "    assert base.fileno() == 2\n"
        "    with vq.load('artifacts/student', isolate=True) as model:\n"
        "        print(model.score('black.mkv').status, model.score('notes.mp4').status)\n"
    )
    (folder / "service.py").write_text(code)
    done = sh(f"{sys.executable} service.py 2>&-", folder)

    assert done.stdout == "ok unreadable\n"
    assert (folder / "base.db").read_bytes() == b""
