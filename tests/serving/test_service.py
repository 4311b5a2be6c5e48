"""The service over HTTP: each video has its row, and whatever happens costs that video alone."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from tests.conftest import write_video as encode
from tests.scoring.toy import BRIGHTNESS, write_bundle
from tests.serving.conftest import Server, Serving
from vq import cli
from vq.causes.vocabulary import LIKELY
from vq.inference.modes import ModeRequest
from vq.inference.row import COLUMNS, Row, from_mapping
from vq.scoring.locate import locate
from vq.scoring.scoring_pool import ScoringPool

CLIP = Path(os.environ.get("VQ_ASSETS", "../shared/assets")) / "videos/lp_d12.mp4"


def test_uploads_at_once_have_the_bits_of_the_command_line(
    serve: Serving, bundle: Path, tmp_path: Path
) -> None:
    """As form or as body, whichever process they come to."""
    videos = []
    for number in range(8):
        picture = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        path = tmp_path / f"{number}.mkv"
        videos.append(encode(path, 5, width=64, height=48, picture=partial(_same, picture)))
    server = serve("--jobs", "2", "--queue", "16")

    with ThreadPoolExecutor(8) as pool:
        forms = list(pool.map(server.score, videos))
        bodies = list(pool.map(lambda video: _raw(server, video.read_bytes()), videos))

    with ScoringPool(bundle) as crew:
        rows = [answer.row for answer in crew.score(map(str, videos))]
    wanted = [_alike(row, name=Path(row.video).name) for row in rows]
    assert len({row.score for row in rows}) == len(videos)
    assert [_alike(from_mapping(answer.json())) for answer in forms] == wanted
    assert [
        _alike(from_mapping(answer.json()), name=row.video)
        for answer, row in zip(bodies, wanted, strict=True)
    ] == wanted
    assert len(server.workers) == 2


@pytest.mark.skipif(not CLIP.exists(), reason=f"{CLIP} is not here; set VQ_ASSETS")
def test_a_real_clip_has_the_score_of_the_command_line(
    server: Server, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Down to the row's last bit."""
    assert cli.main(["score", str(CLIP), "--model", str(bundle), "--format", "jsonl"]) == 0
    row = from_mapping(json.loads(capsys.readouterr().out))

    assert _alike(from_mapping(server.score(CLIP).json())) == _alike(row, name=CLIP.name)


def test_timeline_and_plan_come_when_asked(server: Server, make_h264: Callable[..., Path]) -> None:
    """Otherwise the answer is the row, field by field."""
    clip = make_h264(frames=50)

    plain = server.score(clip).json()
    told = server.score(clip, timeline=True, plan=True).json()

    assert list(plain) == list(COLUMNS)
    assert len(told["timeline"]["scores"]) == 2
    assert told["timeline"]["thumbnail"].startswith("data:image/jpeg;base64,/9j/")
    assert told["plan"]["looked_at"] == told["frames"] == 6
    assert sum(told["plan"]["strip"]["packets"]) == told["plan"]["packets"] == 50
    assert told["score"] == plain["score"]


def test_a_mode_is_that_of_the_command_line(serve: Serving, make_h264: Callable[..., Path]) -> None:
    """To the same bits, and the plan tells of the frames that this mode looks at."""
    clip, student = make_h264(frames=100, options={"g": "20"}), locate("shipped")
    server = serve(model=student)
    hows: list[dict[str, Any]] = [{"mode": "fast"}, {"mode": "thorough"}, {"budget_ms": 40.0}]

    with ScoringPool(student) as crew:
        for how in hows:
            told = server.score(clip, plan=True, **how).json()

            (answer,) = crew.score([str(clip)], closely=ModeRequest(**how))
            plan = told.pop("plan")
            assert _alike(from_mapping(told)) == _alike(answer.row, name="clip.mp4"), how
            assert plan["looked_at"] == told["frames"]
    assert server.get("/health").json()["modes"] == ["fast", "exact", "thorough"]


def test_what_is_no_video_has_a_row(server: Server, tmp_path: Path) -> None:
    """200: it was asked for and answered; where the file was is not told."""
    (tmp_path / "notes.mp4").write_text("no video")

    answer = server.score(tmp_path / "notes.mp4", timeline=True, plan=True)

    assert answer.status_code == 200
    row = answer.json()
    assert (row["video"], row["status"], row["score"]) == ("notes.mp4", "unreadable", None)
    assert row["reason"] == "is text, not a video; give a file that holds video"
    assert "upload" not in answer.text
    assert "timeline" not in row


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a b.mp4", "a b.mp4"),
        (
            "caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp4",
            "caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp4",
        ),
        ("x" * 300, "x" * 255),
        ("a\nb.mp4", "a%0Ab.mp4"),
    ],
    ids=["path", "windows", "accent", "long", "lines"],
)
def test_a_name_is_text_and_no_path(server: Server, small: Path, name: str, told: str) -> None:
    """It goes into the row and nowhere else."""
    answer = httpx.post(f"{server.url}/score", files={"file": (name, small.read_bytes())})

    assert (answer.json()["video"], answer.json()["status"]) == (told, "ok")


FORM = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("code", "said", "query", "kind", "body"),
    [
        (400, "the body is empty", {}, "video/mp4", b""),
        (400, "the body is empty", {}, None, b""),
        (400, "no boundary", {}, "multipart/form-data", b"x"),
        (400, "the form is broken", {}, FORM, b"this is no form"),
        (400, "the form ends early", {}, FORM, FILE + b"abc"),
        (400, "the form ends early", {}, FORM, b""),
        (400, "has no file", {}, FORM, FILE.replace(b'; filename="a"', b"") + b"abc\r\n--b--\r\n"),
        (400, "has 2 files", {}, FORM, FILE + b"abc\r\n" + FILE + b"abc\r\n--b--\r\n"),
        (400, "the file is empty", {}, FORM, FILE + b"\r\n--b--\r\n"),
        (415, "application/json is no video", {}, "application/json", b"{}"),
        (415, "curl -F file=@clip.mp4", {}, "application/x-www-form-urlencoded", b"x"),
        (422, "mode: Input should be 'fast', 'exact' or", {"mode": "quick"}, "video/mp4", b"x"),
        (422, "has no mode fast: it was calibrated", {"mode": "fast"}, "video/mp4", b"x"),
        (422, "has no mode fast", {"budget_ms": "100"}, "video/mp4", b"x"),
        (422, "budget_ms: Input should be greater than 0", {"budget_ms": "-1"}, "video/mp4", b"x"),
        (
            422,
            "budget_ms: Input should be a finite number",
            {"budget_ms": "nan"},
            "video/mp4",
            b"x",
        ),
        (422, "timeline: Input should be a valid boolean", {"timeline": "no!"}, "video/mp4", b"x"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    server: Server, code: int, said: str, query: dict[str, str], kind: str | None, body: bytes
) -> None:
    """In a sentence; HTTP errors are for requests, not for videos."""
    headers = {"Content-Type": kind} if kind else {}
    answer = httpx.post(f"{server.url}/score", params=query, headers=headers, content=body)

    assert (answer.status_code, list(answer.json())) == (code, ["detail"])
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/score", 405), ("GET", "/x", 404)])
def test_other_requests_are_refused(server: Server, method: str, path: str, code: int) -> None:
    """As anywhere."""
    assert httpx.request(method, server.url + path).status_code == code


def test_a_video_that_is_too_large_is_refused(server: Server) -> None:
    """By what it says of its length, before it is read; 8 MB are allowed here."""
    answer = _raw(server, bytes((8 << 20) + (1 << 16) + 1))

    assert answer.status_code == 413
    assert answer.json()["detail"] == "the video is larger than 8 MB (max-upload-mb)"
    assert _raw(server, bytes(8 << 20)).status_code == 200


@pytest.mark.parametrize("kind", ["application/octet-stream", FORM], ids=["body", "form"])
def test_a_video_that_turns_out_too_large_is_refused(server: Server, kind: str) -> None:
    """While it comes: it did not say how long it is, and it may never end."""
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield FILE
        while sent < 64 << 20:
            sent += 1 << 16
            yield bytes(1 << 16)

    answer = httpx.post(
        f"{server.url}/score", content=body(), headers={"Content-Type": kind}, timeout=60
    )

    assert answer.status_code == 413
    assert server.files == []


def test_an_upload_is_not_held_in_memory(serve: Serving) -> None:
    """The service stays as small as it is."""
    server = serve("--max-upload-mb", "200")
    _raw(server, b"x")
    before = _peak_mb(server)

    assert _raw(server, _zeros(150 << 20)).json()["status"] == "unreadable"

    assert _peak_mb(server) - before < 20


def test_a_video_that_takes_too_long_has_a_row(serve: Serving, small: Path, long: Path) -> None:
    """Its process is ended; a fresh one takes the next."""
    server = serve("--max-seconds", "0.3")

    slow, next_one = server.score(long), server.score(small)

    assert (slow.status_code, slow.json()["status"]) == (200, "timed_out")
    assert "max-seconds" in slow.json()["reason"]
    assert next_one.json()["status"] == "ok"


def test_a_worker_that_dies_costs_its_video(serve: Serving, small: Path, long: Path) -> None:
    """The service lives."""
    server = serve()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(server.score, long)
        _until(lambda: _at_work(server) == 1)
        time.sleep(0.1)
        server.workers[0].send_signal(signal.SIGSEGV)

    assert lost.result().json()["status"] == "crashed"
    assert "SIGSEGV" in lost.result().json()["reason"]
    assert server.score(small).json()["status"] == "ok"


def test_a_full_service_says_when_to_come_again(serve: Serving, small: Path) -> None:
    """One at work, one waiting; a third is refused at once, and taken later."""
    server = serve("--jobs", "1", "--queue", "1")
    (worker,) = server.workers
    worker.suspend()
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(server.score, small) for _ in range(2)]
        _until(lambda: server.get("/health").json()["inside"] == 2)
        refused = server.score(small)
        worker.resume()

    assert refused.status_code == 503
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert re.search(r"too many videos at a time; try again in \d+ s", refused.json()["detail"])
    assert [one.result().json()["status"] for one in taken] == ["ok", "ok"]
    assert server.score(small).status_code == 200


def test_work_for_a_client_that_left_is_ended(serve: Serving, small: Path) -> None:
    """Whoever closes the page needs no worker any more, least of all one that hangs."""
    server = serve()
    (worker,) = server.workers
    worker.suspend()
    with pytest.raises(httpx.ReadTimeout), small.open("rb") as file:
        httpx.post(f"{server.url}/score", files={"file": file}, timeout=0.5)

    _until(lambda: not worker.is_running())
    assert server.get("/health").json()["inside"] == 0
    assert server.score(small).json()["status"] == "ok"
    assert 'vq_requests_total{code="499",path="/score"} 1.0' in server.get("/metrics").text


def test_an_upload_that_breaks_off_leaves_nothing(server: Server) -> None:
    """Half a video is thrown away."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf")
        _until(lambda: len(server.files) == 1)
    _until(lambda: server.files == [])

    assert server.get("/health").json()["inside"] == 0


def test_a_full_disk_is_said(serve: Serving, small: Path) -> None:
    """Files may not grow beyond a megabyte here; what is smaller is still scored."""
    server = serve()
    psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    refused = _raw(server, bytes(2 << 20))

    assert refused.status_code == 503
    assert "the service has a problem (File too large)" in refused.json()["detail"]
    assert server.files == []
    assert server.score(small).json()["status"] == "ok"
    assert "Traceback" not in "".join(server.said)


def test_headers_of_a_form_do_not_fill_memory(server: Server) -> None:
    """They are not files, and a form needs few."""
    body = b"--b\r\nX: " + bytes([97]) * (4 << 20)

    answer = httpx.post(f"{server.url}/score", content=body, headers={"Content-Type": FORM})

    assert answer.status_code == 400
    assert "the form is broken" in answer.json()["detail"]


def test_a_signal_lets_work_end(serve: Serving, long: Path) -> None:
    """Who was taken gets an answer; then workers and service are gone."""
    server = serve()
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(server.score, long)
        _until(lambda: _at_work(server) == 1)
        workers = server.workers
        assert server.stop() == 128 + signal.SIGTERM

    assert taken.result().json()["status"] == "ok"
    assert not [worker for worker in workers if worker.is_running()]


def test_a_signal_does_not_wait_for_ever(serve: Serving, long: Path) -> None:
    """What is at work after the grace is ended, its process with it."""
    server = serve("--grace-seconds", "0")
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(server.score, long)
        _until(lambda: _at_work(server) == 1)
        workers = server.workers
        start = time.monotonic()
        assert server.stop() == 128 + signal.SIGTERM
        assert time.monotonic() - start < 2
        with pytest.raises(httpx.HTTPError):
            taken.result().raise_for_status()

    assert not [worker for worker in workers if worker.is_running()]
    assert "Traceback" not in "".join(server.said)


def test_a_killed_service_takes_its_workers_along(serve: Serving) -> None:
    """They notice that nobody listens any more."""
    server = serve()
    workers = server.workers
    server.process.kill()

    _until(lambda: not any(worker.is_running() for worker in workers))


def test_a_model_that_changes_is_not_mixed(
    serve: Serving, bundle: Path, tmp_path: Path, small: Path
) -> None:
    """A fresh worker would load another one: nothing is scored until somebody starts anew."""
    model = shutil.copytree(bundle, tmp_path / "model")
    server = serve(model=model)
    assert server.score(small).status_code == 200
    write_bundle(model, *BRIGHTNESS)
    worker = server.workers[0]
    worker.kill()
    # While one of its threads lives, its parent cannot tell that it has ended.
    _until(lambda: not worker.is_running() or (_zombie(worker) and worker.num_threads() <= 1))

    refused, health = server.score(small), server.get("/health")

    assert (refused.status_code, health.status_code) == (503, 503)
    for answer in (refused, health):
        assert "the model changed from" in answer.json()["detail"]

    # A balancer sends nothing to a service that is not well: it finds out by itself.
    shutil.copytree(bundle, model, dirs_exist_ok=True)
    assert server.get("/health").status_code == 200
    assert server.score(small).status_code == 200


def test_health_tells_of_the_model(server: Server) -> None:
    """What a score means, and what may be asked."""
    told = server.get("/health").json()

    assert told.pop("model").startswith("student-")
    assert told == {
        "status": "ready",
        "scale": "1 to 5, higher is better",
        "likely": LIKELY,
        "least": 1.0,
        "most": 5.0,
        "better": "higher",
        "values": [1.0, 2.0, 3.0, 4.0, 5.0],
        "coverage": 0.9,
        "reference": None,
        "opinion": "synthetic",
        "modes": ["exact"],
        "max_upload_mb": 8,
        "jobs": 1,
        "inside": 0,
        "places": 9,
    }
    assert "synthetic" in server.said[1]


def test_answers_come_at_once(server: Server) -> None:
    """Packets of a kept connection do not wait for each other (40 ms); the best of five."""

    def seconds(client: httpx.Client) -> float:
        start = time.perf_counter()
        client.get("/health")
        return time.perf_counter() - start

    with httpx.Client(base_url=server.url) as client:
        assert min(seconds(client) for _ in range(5)) < 0.03


def test_metrics_count(serve: Serving, small: Path, tmp_path: Path) -> None:
    """Requests by code, rows by status, seconds, what waits; no series for made-up paths."""
    server = serve()
    (tmp_path / "notes.mp4").write_text("no video")
    for video in (small, small, tmp_path / "notes.mp4"):
        server.score(video)
    server.score(small, mode="fast")
    server.get("/a")
    server.get("/b")

    answer = server.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain")
    told = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    assert told['vq_requests_total{code="200",path="/score"}'] == "3.0"
    assert told['vq_requests_total{code="422",path="/score"}'] == "1.0"
    assert told['vq_requests_total{code="404",path="other"}'] == "2.0"
    assert told['vq_videos_total{mode="exact",status="ok"}'] == "2.0"
    assert told['vq_videos_total{mode="",status="unreadable"}'] == "1.0"
    assert told["vq_request_seconds_count"] == told["vq_score_seconds_count"] == "3.0"
    assert (told["vq_waiting"], told["vq_at_work"], told["vq_workers"]) == ("0.0", "0.0", "1.0")
    assert float(told["vq_upload_bytes_total"]) == 2 * small.stat().st_size + 8


def test_the_schema_says_everything(server: Server) -> None:
    """Each operation, parameter and field has a sentence; a row is a row."""
    told = server.get("/openapi.json").json()
    schemas = told["components"]["schemas"]

    assert list(told["paths"]) == ["/score", "/health", "/metrics"]
    for verbs in told["paths"].values():
        for operation in verbs.values():
            assert operation["summary"]
            assert operation["description"]
            assert all(one["description"] for one in operation.get("parameters", []))
    for name in ("Scored", "Timeline", "Plan", "Strip", "Health", "Problem"):
        assert schemas[name]["description"]
        assert [
            f for f, one in schemas[name]["properties"].items() if "description" not in one
        ] == []
    answers = told["paths"]["/score"]["post"]["responses"]
    assert list(answers) == ["200", "400", "408", "413", "415", "422", "503"]
    row = list(COLUMNS)
    assert list(schemas["Scored"]["properties"]) == [
        *row,
        *("causes", "timeline", "plan", "lost"),
    ]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_need_nothing_from_elsewhere(server: Server, path: str) -> None:
    """No address of another host; and the browser is told to allow none."""
    answer = server.get(path)
    text = answer.text.replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|//cdn|@import|<link(?! rel=\"icon\" href=\"data:)", text)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "nowhere"], "nowhere: no student here; run `dvc repro` or give --model"),
        (["--port", "99999"], "cannot listen at 127.0.0.1:99999"),
        (["--host", "no.such.host.invalid"], "cannot listen at no.such.host.invalid:"),
    ],
    ids=["model", "port", "host"],
)
def test_what_cannot_start_is_said_in_a_line(
    bundle: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """Exit code 2, and no traceback."""
    assert cli.main(["serve", "--model", str(bundle), *options]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"vq serve: error: {said}")
    assert len(error.splitlines()) == 1


def test_a_port_that_is_taken_is_named(
    server: Server, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do."""
    port = server.url.rpartition(":")[2]

    assert cli.main(["serve", "--model", str(bundle), "--port", port]) == 2
    assert "Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["fastapi", "uvicorn", "python_multipart", "prometheus_client"])
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    """Scoring alone does not need it."""
    monkeypatch.setitem(sys.modules, module, None)

    assert cli.main(["serve"]) == 2
    assert capsys.readouterr().err == (
        f"vq serve: error: serving needs {module}; pip install 'vq[serve]'\n"
    )


def test_the_service_itself_cannot_open_a_video() -> None:
    """It has neither decoder nor network: only workers load them. So has the one of ratings."""
    code = (
        "import sys, vq.serving.app, vq.commands.serve\n"
        "heavy = {'torch', 'av', 'onnxruntime', 'numpy', 'PIL', 'mlflow', 'matplotlib'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "import vq.rating.app, vq.commands.rate\n"
        "loaded |= {'torch', 'av', 'onnxruntime'} & set(sys.modules)\n"
        "sys.exit(' '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def _raw(server: Server, body: Any) -> httpx.Response:  # noqa: ANN401
    kind = {"Content-Type": "application/octet-stream"}
    return httpx.post(f"{server.url}/score", content=body, headers=kind, timeout=60)


def _zeros(size: int) -> Iterator[bytes]:
    for _ in range(size >> 16):
        yield bytes(1 << 16)


def _same(picture: np.ndarray, *_: int) -> np.ndarray:
    return picture


def _alike(row: Row, *, name: str | None = None) -> Row:
    """Without the time it took, and by another name."""
    return replace(row, seconds=0.0, video=row.video if name is None else name)


def _at_work(server: Server) -> float:
    return float(re.findall(r"^vq_at_work (\S+)", server.get("/metrics").text, re.M)[0])


def _peak_mb(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _zombie(process: psutil.Process) -> bool:
    return process.status() == psutil.STATUS_ZOMBIE


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
