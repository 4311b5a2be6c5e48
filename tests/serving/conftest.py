"""A service as people start it: a process of its own, asked over HTTP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx
import psutil
import pytest

from tests.scoring.toy import random_network, write_bundle, write_video

Serving = Callable[..., "Server"]
CLI = "import sys; from vq import cli; sys.exit(cli.main())"


@dataclass
class Server:
    """A service that listens."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    """Where its temporary files go; nothing else does."""
    said: list[str] = field(default_factory=list)
    """What it wrote to standard error."""

    @property
    def files(self) -> list[Path]:
        """What of an upload lies around."""
        return list(self.folder.iterdir())

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that score."""
        return psutil.Process(self.process.pid).children()

    def get(self, path: str) -> httpx.Response:
        """Ask for something."""
        return httpx.get(self.url + path, timeout=60)

    def score(self, video: Path, **query: str | float | bool) -> httpx.Response:
        """Send a video in a form."""
        with video.open("rb") as file:
            return httpx.post(
                f"{self.url}/score", params=query, files={"file": (video.name, file)}, timeout=60
            )

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def served(bundle: Path, folder: Path, *options: str) -> Iterator[Server]:
    """Run a service, at a port that is free, for a while."""
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", CLI, "serve", "--model", str(bundle), "--port", "0", *options],
        env={**os.environ, "TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    found = re.search(r"scores at (http://\S+) ", first)
    assert found, first + process.stderr.read()
    server = Server(process, found[1], folder, [first])
    Thread(target=lambda: server.said.extend(process.stderr or ()), daemon=True).start()
    try:
        yield server
    finally:
        workers = server.workers if process.poll() is None else []
        server.stop()
        assert not [worker for worker in workers if worker.is_running()]
        assert server.files == [], "no temporary file is left"


@pytest.fixture
def serve(bundle: Path, tmp_path: Path) -> Iterator[Serving]:
    """Start services: `serve("--jobs", "2")`; each is ended, and left nothing behind."""
    with ExitStack() as stack:

        def start(*options: str, model: Path = bundle) -> Server:
            folder = tmp_path / f"tmp{len(list(tmp_path.glob('tmp*')))}"
            return stack.enter_context(served(model, folder, *options))

        yield start


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that tests share."""
    with served(bundle, tmp_path_factory.mktemp("shared") / "tmp", "--max-upload-mb", "8") as one:
        yield one


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student whose scores lie far from the ends of the scale."""
    kernel, head = random_network(7)
    return write_bundle(
        tmp_path_factory.mktemp("serve") / "student",
        kernel / 9,
        head / 9,
        opinion="synthetic",
        interval={"coverage": 0.9, "half_width": 0.5},
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that is scored in no time."""
    return write_video(tmp_path_factory.mktemp("small") / "small.mkv")


@pytest.fixture(scope="session")
def long(long_video: Path) -> Path:
    """A video that takes seconds to decode."""
    return long_video
