"""Whether a rating session loses or doubles a rating when it is killed, and what comes out.

    python -m benchmarks.rating --raters 50 --clips 55 --kills 5 --seed 1

Clips are made, each with a true quality that nobody sees. The service is `vq rate` in a process of
its own. Simulated raters (`vq.synthetic.crowd`; a tenth are spammers) join at once over HTTP, load
each clip, know it by its bytes, rate it, and send until the service acknowledges, now and then a
second time. Meanwhile the service gets SIGKILL and is started again.

Prints what was acknowledged and is not in the file, or is there twice or with another value; then
rank correlation of the labels with the truth, and who was left out. Exits with 1 if a rating is
lost, doubled or changed.
"""

import argparse
import hashlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import httpx
import numpy as np
from scipy.stats import spearmanr

from tests.conftest import grey, write_video
from vq.importers.ratings.opinion_scores import recover
from vq.rating.results import read_single
from vq.rating.store import NAME, Store
from vq.synthetic.crowd import Rater, crowd, qualities, rate

TWICE = 0.1
"""How often a rating is sent again though it was acknowledged, as after a lost answer."""
START_SECONDS = 120


@dataclass
class Result:
    """What came of a session."""

    acknowledged: dict[tuple[str, int], int] = field(default_factory=dict)
    """Rater and position -> value."""
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    srcc: float = 0.0
    """Of the labels with the true qualities."""
    spammers: int = 0
    spammers_left_out: int = 0
    honest: int = 0
    honest_left_out: int = 0
    seconds: float = 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one session and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--clips", type=int, default=55)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = session(
            Path(folder), raters=args.raters, clips=args.clips, kills=args.kills, seed=args.seed
        )
    sys.stdout.write(
        f"{len(result.acknowledged)} ratings acknowledged in {result.seconds:.0f} s, "
        f"{args.kills} kills: {result.lost} lost, {result.doubled} twice, "
        f"{result.changed} with another value\n"
        f"SRCC of the labels with the truth {result.srcc:.4f}; left out "
        f"{result.spammers_left_out} of {result.spammers} spammers, "
        f"{result.honest_left_out} of {result.honest} honest raters\n"
    )
    return int(result.lost + result.doubled + result.changed > 0)


def session(folder: Path, *, raters: int, clips: int, kills: int, seed: int) -> Result:
    """Have simulated raters rate made clips while the service is killed."""
    rng = np.random.default_rng(seed)
    truth = qualities(clips, rng=rng)
    by_bytes = {}
    for number, quality in enumerate(truth.tolist()):
        path = write_video(
            folder / "clips" / f"{number:03}.mp4", frames=3, codec="libx264", pix_fmt="yuv420p",
            picture=lambda frame, width, height, number=number: grey(number + frame, width, height),
            options={"x264-params": f"keyint={number + 1}"},
        )  # fmt: skip
        by_bytes[_digest(path.read_bytes())] = quality
    people = crowd(raters, rng=rng)
    service = _Service(folder)
    result = Result()
    start = time.monotonic()
    try:
        with ThreadPoolExecutor(raters) as pool:
            seeds = np.random.SeedSequence(seed).spawn(raters)
            work = [
                pool.submit(_rate_all, f"rater-{n:03}", person, service, by_bytes, s, result)
                for n, (person, s) in enumerate(zip(people, seeds, strict=True))
            ]
            expected = raters * (clips + 5)  # three for practice, two repeats
            for kill in range(kills):
                while len(result.acknowledged) < (kill + 1) * expected / (kills + 1):
                    time.sleep(0.01)
                service.kill()
                service.start()
            for one in work:
                one.result()
    finally:
        service.kill()
    result.seconds = time.monotonic() - start
    _compare(folder, result)
    _judge(folder, people, truth.tolist(), result)
    return result


class _Service:
    """`vq rate`, at one port however often it starts."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self.lock = Lock()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vq", "rate", str(self._folder / "clips"), "--port",
             str(self._port), "--out", str(self._folder / "session")],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        lines = []
        for line in self.process.stderr or ():
            lines.append(line)
            if match := re.search(r"raters: (\S+)/#(\S+)", line):
                self.url, self.token = match[1], match[2]
                return
        raise RuntimeError("".join(lines))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _rate_all(
    name: str, person: Rater, service: _Service, by_bytes: dict[str, float],
    seed: np.random.SeedSequence, result: Result,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    with httpx.Client(base_url=service.url, timeout=30) as client:
        joined = _until_answered(
            client, "POST", "/join", service.token,
            {"rater": name, "language": "en", "device": {}},
        ).json()  # fmt: skip
        token = joined["token"]
        for position in range(joined["total"]):
            data = _until_answered(client, "GET", f"/clips/{position}/0", token).content
            value = rate(person, by_bytes[_digest(data)], rng=rng)
            rating = {
                "id": f"{name}-{position}", "position": position, "value": value, "playback": {},
            }  # fmt: skip
            for _ in range(1 + int(rng.random() < TWICE)):
                _until_answered(client, "POST", "/ratings", token, rating)
                with service.lock:
                    result.acknowledged[joined["rater"], position] = value


def _until_answered(
    client: httpx.Client, method: str, path: str, token: str, body: object = None
) -> httpx.Response:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            response = client.request(
                method, path, json=body, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.TransportError:  # it was killed
            time.sleep(0.2)
            continue
        if response.status_code < 400:
            return response
        if response.status_code not in (429, 503):
            raise RuntimeError(f"{path}: {response.status_code} {response.text}")
        time.sleep(float(response.headers.get("Retry-After", 1)))
    raise TimeoutError(path)


def _compare(folder: Path, result: Result) -> None:
    with closing(Store(folder / "session" / NAME, read_only=True)) as store:
        rows = [((one.rater, one.position), one.value) for one in store.rated()]
    counts = Counter(key for key, _ in rows)
    values = dict(rows)
    result.lost = sum(key not in counts for key in result.acknowledged)
    result.doubled = sum(number > 1 for number in counts.values())
    result.changed = sum(
        key in values and values[key] != value for key, value in result.acknowledged.items()
    )


def _judge(folder: Path, people: list[Rater], truth: list[float], result: Result) -> None:
    with closing(Store(folder / "session" / NAME, read_only=True)) as store:
        ratings, _ = read_single(store)
    opinions = recover(ratings, method="crowd")
    true = [truth[int(Path(video).stem)] for video in ratings.videos]
    result.srcc = float(spearmanr(opinions.mos, true).statistic)
    for name, out in zip(ratings.raters, opinions.rejected.tolist(), strict=True):
        honest = people[int(name.rpartition("-")[2])].kind == "honest"
        if honest:
            result.honest += 1
            result.honest_left_out += out
        else:
            result.spammers += 1
            result.spammers_left_out += out


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
