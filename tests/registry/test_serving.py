"""MLflow's own server answers with the rows of `vq score`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import vq
from tests.registry.students import GOOD, Make, release, same
from tests.scoring.toy import write_video
from vq.inference.row import COLUMNS
from vq.registry import address

PATIENCE_SECONDS = 180


@pytest.fixture
def server(root: Path, candidate: Make) -> Iterator[str]:
    """Its address; it serves the champion."""
    release(candidate(GOOD), root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["--model-uri", "models:/vq-student@champion", "--port", str(port)]
    variables = {**os.environ, "MLFLOW_TRACKING_URI": address.tracking_uri(root)}
    with (root / "server.log").open("wb") as said:
        process = subprocess.Popen(
            command, env=variables, stdout=said, stderr=said, start_new_session=True
        )
    try:
        wait(f"http://127.0.0.1:{port}/ping", process, root / "server.log")
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"no server:\n{log.read_text()[-4000:]}", pytrace=False)


@pytest.mark.slow
def test_mlflow_serves_rows(server: str, root: Path) -> None:
    """The same score as here; what cannot be scored is a row too, and unknown is null.

    A wrong parameter is the client's error.
    """
    video = write_video(root / "red.mkv", level=partial(same, 200))

    scored, missing = ask(server, str(video), "nowhere.mp4", mode="exact")["predictions"]
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        ask(server, str(video), mode="quick")

    assert set(scored) == set(COLUMNS)
    assert scored["score"] == vq.load(root / "a" / "student").score(video).score
    assert (missing["status"], missing["score"]) == ("missing", None)
    assert "got 'quick'" in json.load(refused.value)["message"]


def ask(server: str, *videos: str, **params: object) -> Any:  # noqa: ANN401 - JSON
    """What it answers for some videos."""
    asked = {"dataframe_records": [{"video": video} for video in videos], "params": params}
    body = json.dumps(asked).encode()
    request = urllib.request.Request(server, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)
