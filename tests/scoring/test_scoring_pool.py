"""A worker may hang, grow or die; each video has its row all the same."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.conftest import lengthen
from tests.conftest import write_video as encode
from tests.scoring.toy import BRIGHTNESS, random_network, write_bundle, write_video
from vq.errors import WeightsError
from vq.inference import runtime
from vq.inference.row import Row
from vq.scoring.scoring_pool import ScoringPool
from vq.workers.limits import Limits


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student."""
    return write_bundle(tmp_path_factory.mktemp("student"), *random_network(7))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A video that is scored in no time."""
    return str(write_video(tmp_path_factory.mktemp("small") / "small.mkv"))


@pytest.fixture(scope="session")
def long(long_video: Path) -> str:
    """A video that takes seconds to decode."""
    return str(long_video)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A 4K video, whose decoder has to keep many pictures."""
    rough = np.random.default_rng(7).integers(0, 256, (270, 480, 3), np.uint8)
    rough = rough.repeat(8, axis=0).repeat(8, axis=1)
    return str(
        encode(
            tmp_path_factory.mktemp("large") / "large.mp4",
            16,
            width=3840,
            height=2160,
            codec="libx264",
            pix_fmt="yuv420p",
            picture=lambda number, *_: np.roll(rough, 4 * number, axis=1),
            options={"preset": "veryfast", "refs": "5", "bf": "3"},
        )
    )


def test_a_worker_that_takes_too_long_is_ended(bundle: Path, small: str, long: str) -> None:
    """The next video has a fresh one, and its score."""
    with ScoringPool(bundle, limits=Limits(seconds=0.2)) as crew:
        first, slow, last = rows(crew, small, long, small)

    assert (slow.video, slow.status) == (long, "timed_out")
    assert slow.reason == "its process was not done after 0.2 s (max-seconds)"
    assert 0.2 <= slow.seconds < 2
    assert first.status == last.status == "ok"
    assert first.score == last.score


def test_a_worker_that_grows_too_large_is_ended(bundle: Path, small: str, large: str) -> None:
    """What needs less still fits."""
    with ScoringPool(bundle, limits=Limits(memory_mb=150)) as crew:
        first, big, last = rows(crew, small, large, small)

    assert (big.video, big.status) == (large, "too_large")
    assert big.reason == "its process took more than 150 MB of memory (max-memory-mb)"
    assert (first.status, last.status) == ("ok", "ok")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, "was killed by SIGKILL; the machine may be out of memory"),
        (signal.SIGSEGV, "was killed by SIGSEGV"),
    ],
)
def test_a_worker_that_dies_costs_its_video(
    bundle: Path, small: str, long: str, number: int, reason: str
) -> None:
    """As the kernel's killer, or a decoder's bug, would have it: no other video is lost."""
    with ScoringPool(bundle) as crew, killing(crew, number) as kill:
        before, lost, after = rows(crew, small, long, small, stopped=kill)

    assert (lost.status, lost.reason) == ("crashed", f"its process {reason}")
    assert (before.status, after.status) == ("ok", "ok")


def test_jobs_and_threads_change_no_bit(tmp_path: Path) -> None:
    """The same score alone, in a batch, in this process or another, in the order of the inputs."""
    kernel, head = random_network(7)
    bundle = write_bundle(tmp_path / "student", kernel / 9, head / 9)  # far from the scale's ends
    videos = []
    for number in range(9):
        picture = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        path = tmp_path / f"{number}.mkv"
        videos.append(str(encode(path, 5, width=64, height=48, picture=partial(same, picture))))
    model = runtime.load(bundle)
    alone = [timeless(model.score(video)) for video in videos]
    assert len({row.score for row in alone}) == len(videos)

    for jobs, threads in [(1, 1), (1, 2), (2, 1), (3, 2)]:
        with ScoringPool(bundle, jobs=jobs, threads=threads) as crew:
            assert list(map(timeless, rows(crew, *videos))) == alone


def test_a_slow_video_delays_the_rows_after_it(bundle: Path, small: str, long: str) -> None:
    """With several workers too, the order is that of the inputs."""
    videos = [long, *[small] * 9]
    with ScoringPool(bundle, jobs=2) as crew:
        assert [row.video for row in rows(crew, *videos)] == videos


def test_rows_pass_through(bundle: Path, small: str) -> None:
    """An input that was found missing stands where it was named, however many there are."""
    gone = [Row(f"{number}.mp4", "missing", "no such file") for number in range(200)]
    with ScoringPool(bundle) as crew:
        found = rows(crew, *gone, small, gone[0])

    assert (found[:200], found[201]) == (gone, gone[0])
    assert found[200].status == "ok"


def test_a_file_that_is_no_file_is_not_opened(bundle: Path, tmp_path: Path) -> None:
    """Reading from a pipe that nobody writes to would wait forever."""
    os.mkfifo(tmp_path / "pipe.mp4")
    with ScoringPool(bundle) as crew:
        pipe, device, folder = rows(crew, str(tmp_path / "pipe.mp4"), "/dev/zero", str(tmp_path))

    assert {pipe.status, device.status, folder.status} == {"unreadable"}
    assert pipe.reason == "is no ordinary file; give a video file"


def test_frames_that_are_too_large_are_given_up(bundle: Path, large: str) -> None:
    """Whatever memory there is."""
    with ScoringPool(bundle, limits=Limits(megapixels=8.0)) as crew:
        (row,) = rows(crew, large)

    assert row.status == "too_large"
    assert row.reason == (
        "frames of 3840 x 2160 pixels; the limit is 8 megapixels (max-megapixels)"
    )


def test_a_video_with_too_many_frames_is_not_decoded(bundle: Path, small: str, long: str) -> None:
    """They are counted by their packets."""
    with ScoringPool(bundle, limits=Limits(frames=799)) as crew:
        first, row = rows(crew, small, long)

    assert (first.status, row.status) == ("ok", "too_large")
    assert row.reason == "800 frames; the limit is 799 (max-frames)"


def test_memory_does_not_grow_with_videos(bundle: Path, small: str) -> None:
    """Neither that of the worker, nor that of the supervisor: rows are given and forgotten."""
    with ScoringPool(bundle) as crew:
        worker, supervisor = psutil.Process(crew.pids[0]), psutil.Process()
        used = []
        for number, _ in enumerate(crew.score(repeat(small, 600))):
            if number in (100, 599):
                used.append((worker.memory_info().rss, supervisor.memory_info().rss))

    for early, late in zip(*used, strict=True):
        assert late - early < 8 << 20


def test_a_model_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    """In the words of whoever tried."""
    (write_bundle(tmp_path, *BRIGHTNESS) / "student.onnx").write_bytes(b"")

    with ScoringPool(tmp_path) as crew, pytest.raises(WeightsError, match="altered or half copied"):
        rows(crew, "a.mp4")


def test_a_model_that_changes_is_noticed(tmp_path: Path, small: str, long: str) -> None:
    """A fresh worker would load another one than the rows before it came from."""
    write_bundle(tmp_path, *random_network(1))
    with ScoringPool(tmp_path, limits=Limits(seconds=0.2)) as crew:
        assert crew.greeting
        write_bundle(tmp_path, *random_network(2))

        with pytest.raises(WeightsError, match="the model changed from student-"):
            rows(crew, small, long, small)


def test_a_supervisor_is_light() -> None:
    """It imports neither numpy nor a decoder nor a network: a few megabytes, and it starts fast."""
    heavy = {"numpy", "av", "onnxruntime", "PIL", "pydantic", "jaxtyping", "rich"}
    code = f"import sys, vq, vq.commands.score; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_imports_what_it_needs() -> None:
    """Scoring runs where torch is not installed, and starts fast where it is."""
    heavy = {"torch", "timm", "scipy", "pandas", "sklearn", "mlflow", "matplotlib", "pydantic"}
    heavy |= {"jaxtyping", "asyncio", "PIL"}
    code = f"import sys, vq.scoring.worker; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_workers_end_with_their_supervisor(bundle: Path, long: str) -> None:
    """Even if it is killed while one is at work: it finds nobody to answer to."""
    code = (
        "import sys; from pathlib import Path; from vq.scoring.scoring_pool import ScoringPool\n"
        "from vq.workers.limits import Limits\n"
        f"crew = ScoringPool(Path({str(bundle)!r}), limits=Limits(seconds=60.0)); crew.greeting\n"
        "sys.stdout.write(f'{crew.pids[0]}\\n'); sys.stdout.flush()\n"
        f"list(crew.score([{long!r}] * 1000))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout
        worker = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()

    psutil.wait_procs([worker], timeout=60)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def same(picture: np.ndarray, *_: int) -> np.ndarray:
    """The same picture at any time."""
    return picture


def rows(
    crew: ScoringPool, *videos: str | Row, stopped: Callable[[], bool] = lambda: False
) -> list[Row]:
    """The rows of some videos."""
    return [answer.row for answer in crew.score(videos, stopped=stopped)]


def timeless(row: Row) -> Row:
    """A row without the time it took."""
    return replace(row, seconds=0.0)


@contextmanager
def killing(crew: ScoringPool, number: int) -> Iterator[Callable[[], bool]]:
    """Send a signal to the worker, as soon as it is at its second video."""
    seen: list[int] = []

    def look() -> bool:
        worker = crew._workers.children[0] if crew._workers.children else None
        if worker and worker.item and str(worker.item).endswith("long.mp4"):
            seen.append(worker.pid)
            if not worker.gone:
                os.kill(worker.pid, number)
        return False

    yield look
    assert seen


def test_a_crew_that_was_left_halfway_goes_on(tmp_path: Path) -> None:
    """Ctrl-C in a notebook: whoever was at a video is ended, and the next call is answered."""
    bundle = write_bundle(tmp_path / "m", *BRIGHTNESS)
    video = str(write_video(tmp_path / "clip.mkv"))
    with ScoringPool(bundle) as crew:
        _ = crew.greeting
        left = crew.score([video, video])
        next(left)
        left.close()  # type: ignore[attr-defined]

        (answer,) = crew.score([video])

    assert answer.row.status == "ok"


@pytest.mark.slow
def test_a_timeline_that_takes_too_long_costs_no_score(tmp_path: Path) -> None:
    """A score decodes six of these frames, a timeline all six hundred."""
    bundle = write_bundle(tmp_path / "m", *BRIGHTNESS)
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    video = encode(
        tmp_path / "long.mp4",
        20,
        codec="libx264",
        width=640,
        height=480,
        pix_fmt="yuv420p",
        picture=lambda *_: noise,
        options={"g": "1", "preset": "ultrafast", "crf": "1"},
    )
    lengthen(video, 30)
    with ScoringPool(bundle, limits=Limits(seconds=1.0)) as crew:
        (answer,) = crew.score([str(video)], timeline=True)
        (again,) = crew.score([str(video)])

    assert (answer.row.status, answer.timeline) == ("ok", None)
    assert answer.lost == "its process was not done after 1 s (max-seconds)"
    assert again.row.score == answer.row.score
