"""`vq.load`: the same row for a path, bytes and an open file, in this process or another."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import vq
from tests.score.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import WeightsError
from vq.score.api import Isolated
from vq.score.rows import Row
from vq.workers.limits import Limits


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A student."""
    return write_bundle(tmp_path / "student", *BRIGHTNESS)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video with a name."""
    return write_video(tmp_path / "grey.mkv", level=lambda _: 99)


@pytest.mark.parametrize("isolate", [False, True])
def test_a_video_may_come_as_path_bytes_or_file(bundle: Path, video: Path, isolate: bool) -> None:
    """An upload need not be saved first; nothing is left of what was."""
    model = vq.load(bundle, isolate=isolate)

    content = video.read_bytes()
    with video.open("rb") as file:
        given = [video, str(video), content, io.BytesIO(content), file]
        rows = [model.score(one) for one in given]
    if isinstance(model, Isolated):
        model.close()

    assert rows[0].status == "ok"
    assert [row.video for row in rows] == [str(video)] * 2 + ["<bytes>"] * 2 + [str(video)]
    assert {replace(row, video="", seconds=0.0) for row in rows} == {
        replace(rows[0], video="", seconds=0.0)
    }


@pytest.mark.parametrize("wrong", [7, io.StringIO("text"), None], ids=["number", "text", "none"])
def test_what_is_no_video_at_all_is_a_mistake(bundle: Path, wrong: object) -> None:
    """Of the program, not of the file: no row hides it."""
    with pytest.raises(TypeError):
        vq.load(bundle).score(wrong)  # type: ignore[arg-type]


def test_threads_may_share_a_model(bundle: Path, tmp_path: Path) -> None:
    """Each gets the row of its video, isolated or not."""
    videos = [write_video(tmp_path / f"{n}.mkv", level=lambda _, n=n: 20 * n) for n in range(8)]
    model = vq.load(bundle)
    expected = [model.score(video).score for video in videos]
    with vq.load(bundle, isolate=True) as isolated, ThreadPoolExecutor(4) as threads:
        for shared in (model, isolated):
            rows: list[Row] = list(threads.map(shared.score, videos))
            assert [row.score for row in rows] == expected


def test_an_isolated_model_survives_its_process(bundle: Path, video: Path) -> None:
    """The next video has a fresh one."""
    with vq.load(bundle, isolate=True, limits=Limits(seconds=60.0)) as model:
        before = model.score(video)
        worker = psutil.Process(model._crew.pids[0])
        worker.kill()
        psutil.wait_procs([worker], timeout=60)
        after = model.score(video)

    assert (before.status, after.score) == ("ok", before.score)


def test_limits_hold_in_this_process_too(bundle: Path, video: Path) -> None:
    """Those that need no supervisor."""
    assert vq.load(bundle, limits=Limits(frames=9)).score(video).status == "too_large"


@pytest.mark.parametrize("isolate", [False, True])
def test_no_model_is_an_error(tmp_path: Path, isolate: bool) -> None:
    """In the same words wherever it would run."""
    with pytest.raises(WeightsError, match=r"card\.json: no such file"):
        vq.load(tmp_path, isolate=isolate)


def test_importing_vq_is_free() -> None:
    """Nothing but the standard library, and little of it."""
    code = (
        "import sys; before = set(sys.modules); import vq\n"
        "new = {name for name in set(sys.modules) - before if name.startswith('vq')}\n"
        "sys.exit(' '.join(new - {'vq'}) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
