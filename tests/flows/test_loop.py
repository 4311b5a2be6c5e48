"""One turn of the loop of docs/loop.md: a simulated crowd rates what the champion chose.

Server, worker, rating service, dvc, git and registry are real.
"""

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
import yaml

from tests.conftest import write_video
from tests.flows.server import Prefect
from tests.flows.test_ingest import REMOTE
from tests.workspace import change, commit, copy_workspace, environment, run, run_stages
from vq.accuracy import record as records
from vq.data import labels_csv
from vq.inference import card as cards
from vq.rating.store import NAME, Store
from vq.synthetic import crowd
from vq.words import count

FLOORS = {
    "min_srcc": -1.0,
    "min_plcc": -1.0,
    "beat": {},
    "min_slice_srcc": {},
}
"""Six contents prove nothing: every gate of accuracy is open."""
MAY_STAND = ("min_order", "max_undercoverage", "max_interval", "max_calibration_error")
"""Gates that null switches off."""
UPLOADS, BUDGET, RATERS = 12, 8, 4


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_uploads_become_a_student_that_has_learnt_peoples_opinion(
    tiny_workspace: Path, prefect: Prefect, tmp_path: Path
) -> None:
    """Score, ask, rate, label, measure the champion, take in, train, release, score again."""
    root, champion = _workspace_with_a_champion(tiny_workspace, tmp_path / "workspace")
    _move_to_a_data_set_of_ones_own(root)
    truth = _uploads(root)
    score = ("vq", "score", "uploads", "--model", "models:/vq-student@champion")
    run(root, *score, "--feature", "--output", "scores.parquet")
    run(root, "vq", "ask", "scores.parquet", "--budget", str(BUDGET))
    with _rating_service(root) as link:
        for number in range(RATERS):
            _rate(link, f"rater-{number}", root, truth, np.random.default_rng(number))
    run(root, "vq", "ratings", "ratings", "--out", "labels.csv")

    rows = labels_csv.read(root / "labels.csv")
    for row in rows:
        (root / "inbox" / row.video).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / row.video, root / "inbox" / row.video)
    prefect.deploy(root)
    taken = prefect.run(root, "ingest/ingest", folder="inbox", labels="labels.csv", commit=True)
    assert taken.state == "COMPLETED", taken.said

    (measured,) = records.read(root / "data/ours" / records.FILE)
    assert (measured.version, measured.videos, measured.learnt) == ("1", BUDGET, 0)
    drawn = [row.values["random"] == "yes" for row in rows]
    assert sorted(one.random for one in measured.rated) == sorted(drawn)
    assert any(drawn)
    assert (
        f"champion 1 on {count(BUDGET, 'new synthetically rated video')}"
        in taken.artifacts["intake"]
    )

    trained = prefect.run(root, "train/train")
    assert trained.state == "COMPLETED", trained.said
    assert re.search(r"alias +champion\n", run(root, "vq", "registry", "2").stdout)
    manifest = (root / "artifacts/manifest.csv").read_text()
    assert all(row.video in manifest for row in rows)

    run(root, *score, "--output", "again.csv")
    with (root / "again.csv").open(newline="") as file:
        again = list(csv.DictReader(file))
    assert [row["status"] for row in again] == ["ok"] * len(truth)
    assert {row["model"] for row in again}.isdisjoint({champion})


def _workspace_with_a_champion(trained: Path, root: Path) -> tuple[Path, str]:
    """A copy of a trained workspace whose student is champion; and its name and hash."""
    copy_workspace(trained, root)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["judge"] |= FLOORS | dict.fromkeys(MAY_STAND)
    params["release"]["margin"] = 1.0
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / ".dvc/config").write_text(REMOTE)
    run_stages(root, "judge")
    commit(root, "Lower gates, a remote")
    release = (
        "from pathlib import Path\n"
        "from flows.train import find_candidate\n"
        "from vq import params\n"
        "from vq.registry.release import release\n"
        "here = Path().resolve()\n"
        "config = params.load(here / 'params.yaml')\n"
        "print(release(find_candidate(here), root=here, settings=config.release, seed=7).alias)\n"
    )
    assert run(root, sys.executable, "-c", release).stdout.split()[-1] == "champion"
    return root, cards.load(root / "artifacts/student")[0].model_id


def _move_to_a_data_set_of_ones_own(root: Path) -> None:
    """One that deliveries may enter: the demo makes its videos itself."""
    ours = root / "data/ours"
    ours.mkdir()
    card = yaml.safe_load((root / "data/demo/card.yaml").read_text())
    (ours / "card.yaml").write_text(yaml.safe_dump(card | {"name": "ours"}))
    (ours / "columns.yaml").touch()
    (ours / "expectations.yaml").touch()
    shutil.copytree(root / "data/demo/videos", ours / "videos")
    shutil.copy(root / "data/demo/labels.csv", ours / "labels.csv")
    change(root / "params.yaml", {"data": {"dir": "data/ours"}})
    run(root, "dvc", "add", "data/ours/videos", "data/ours/labels.csv")
    commit(root, "A data set of our own")


def _uploads(root: Path) -> dict[str, float]:
    """Videos that nobody has seen yet; what a crowd thinks of each is planted."""
    for number in range(UPLOADS):
        write_video(
            root / f"uploads/{number}.mp4", 12, codec="libx264", pix_fmt="yuv420p",
            width=96, height=64, picture=partial(_scene, number),
        )  # fmt: skip
    planted = crowd.qualities(UPLOADS, rng=np.random.default_rng(1)).tolist()
    return {f"uploads/{number}.mp4": quality for number, quality in enumerate(planted)}


def _scene(seed: int, number: int, width: int, height: int) -> np.ndarray:
    """A frame of large random tiles that move: no two seeds look alike."""
    tiles = np.random.default_rng([3, seed]).integers(0, 256, (height // 16, width // 16, 3))
    picture = tiles.astype(np.uint8).repeat(16, 0).repeat(16, 1)
    return np.roll(picture, 2 * number, axis=1)


@contextmanager
def _rating_service(root: Path) -> Iterator[tuple[str, str]]:
    """`vq rate` on a free port: address and token of the link for raters."""
    process = subprocess.Popen(
        ["vq", "rate", "ask.csv", "--port", "0"],
        cwd=root,
        env=environment(root),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines: list[str] = []
        for line in process.stderr or ():
            lines.append(line)
            if link := re.search(r"raters: (\S+)/#(\S+)", line):
                yield link[1], link[2]
                return
        pytest.fail("".join(lines), pytrace=False)
    finally:
        process.terminate()
        process.wait(30)


def _rate(
    link: tuple[str, str], name: str, root: Path, truth: dict[str, float], rng: np.random.Generator
) -> None:
    """Join as one simulated rater, load each clip, and rate it by what is planted."""
    address, token = link
    person = crowd.Rater("honest", bias=0.0, noise=0.4, favourite=3)
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(base_url=address, timeout=60, transport=transport) as client:

        def send(method: str, path: str, body: object = None) -> httpx.Response:
            for _ in range(600):
                headers = {"Authorization": f"Bearer {token}"}
                response = client.request(method, path, json=body, headers=headers)
                if response.status_code not in (429, 503):
                    return response.raise_for_status()
            raise TimeoutError(path)

        body = {"rater": name, "language": "en", "device": {}}
        joined = send("POST", "/join", body).json()
        token = joined["token"]
        with closing(Store(root / "ratings" / NAME, read_only=True)) as store:
            names = {clip.number: clip.name for clip in store.clips()}
            trials = store.trials(joined["rater"])
        for position, trial in enumerate(trials):
            send("GET", f"/clips/{position}/0")
            value = crowd.rate(person, truth[names[trial.first]], rng=rng)
            rating = {"id": f"{name}-{position}", "position": position, "value": value}
            send("POST", "/ratings", {**rating, "playback": {}})
