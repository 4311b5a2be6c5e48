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
from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import WeightsError
from vq.inference.row import Row
from vq.scoring.api import Isolated
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
        worker = psutil.Process(model._pool.pids[0])
        worker.kill()
        psutil.wait_procs([worker], timeout=60)
        after = model.score(video)

    assert (before.status, after.score) == ("ok", before.score)


FORKED = """
import os, sys, threading, time
import vq

bundle, video, isolate, threads = sys.argv[1], sys.argv[2], sys.argv[3] == "True", int(sys.argv[4])

def scores(model):
    return [model.score(video).score for _ in range(2)]

model = vq.load(bundle, isolate=isolate, threads=threads)
expected = scores(model)
stop = threading.Event()

def work():
    while not stop.is_set():
        model.score(video)

busy = threading.Thread(target=work)
busy.start()
time.sleep(0.05)  # a thread holds what it holds while others fork
pids = []
for number in range(3):
    if not (pid := os.fork()):
        found = scores(model)
        if isolate:
            model.close()
        os._exit(0 if found == expected else 3)
    pids.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
assert scores(model) == expected, "the parent's worker lives"
stop.set()
busy.join()  # native code that runs while an interpreter ends aborts it
if isolate:
    model.close()
print(codes)
"""


@pytest.mark.parametrize(("isolate", "threads"), [(True, 1), (False, 1), (False, 4)])
def test_a_forked_process_scores_as_its_parent_does(
    bundle: Path, video: Path, isolate: bool, threads: int
) -> None:
    """At once, with a worker of its own, while the parent is at work; neither takes the other's."""
    command = [sys.executable, "-c", FORKED, bundle, video, str(isolate), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 0, 0]\n", "")


def test_a_worker_ends_with_whoever_started_it_though_copies_live(
    bundle: Path, video: Path
) -> None:
    """A forked process holds no pipe of it."""
    code = (
        "import os, sys, time, vq\n"
        "model = vq.load(sys.argv[1], isolate=True)\n"
        "if not os.fork():\n"
        "    time.sleep(60)\n"
        "print(model._pool.pids[0], flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(bundle)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        worker = psutil.Process(int(parent.stdout.readline()))
        copies = [c for c in psutil.Process(parent.pid).children() if c.pid != worker.pid]
        parent.kill()
        parent.wait()
        _, alive = psutil.wait_procs([worker], timeout=20)
        for copy in copies:
            copy.kill()

    assert copies
    assert not alive


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
