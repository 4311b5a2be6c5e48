"""The best copy of each source: survey all videos, group them, compare the copies of each group."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vq.best import alignment, detail, groups, judge
from vq.best.alignment import SAME, Offset
from vq.best.copy import Copy
from vq.best.judge import Scale
from vq.best.look import Look
from vq.best.result import Group, Judged, Result
from vq.inference.row import Row, from_mapping
from vq.video import fingerprint
from vq.video.probe import Probe
from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message
from vq.workers.worker_pool import WorkerPool
from vq.workers.worker_process import Outcome

MOMENTS = 8
"""At which copies are compared."""
SHORTER, SHORTER_S = 0.95, 0.25
"""A copy is shorter if it has less of the longest one's time, and lacks this many seconds."""
LINED_UP = 0.85
"""Correlation of the coarsest detail with what all share, below which a copy shows another part of
the picture, or has borders."""


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a worker's answer."""

    fields: dict[str, Any]
    data: bytes
    row: Row | None = None


@dataclass(frozen=True)
class Greeting:
    """What a worker says of its model."""

    model: str
    better: str
    least: float
    most: float
    opinion: str


class Finder:
    """Finds the best copies in worker processes under limits; ends them when it is closed."""

    def __init__(self, folder: Path, *, jobs: int, threads: int, limits: Limits) -> None:
        """Start the first worker; `folder` has the student that scores."""
        self._greeted: Greeting | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="vq-best-")
        self._workers = WorkerPool[Any, _Part](
            Job("vq.best.worker:prepare", (folder, threads, limits)),
            limits=limits,
            read=_read,
            jobs=jobs,
            greet=self._greet,
        )

    def __enter__(self) -> "Finder":
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.close()
        self._scratch.cleanup()

    @property
    def greeting(self) -> Greeting:
        """What the model says of itself; waits until the first worker has loaded it.

        Raises:
            VqError: it cannot be loaded.
        """
        while self._greeted is None:
            self._workers.listen()
        return self._greeted

    def find(
        self,
        videos: Sequence[str | Row],
        *,
        stopped: Callable[[], bool] = lambda: False,
        shown: Callable[[Iterable[object]], Iterable[object]] = lambda items: items,
    ) -> Result:
        """Name the best copy of each source; a row is its own answer.

        Once `stopped` says so, what is left is left out. `shown` sees each video go by.

        Raises:
            VqError: the model cannot be loaded.
        """
        copies: list[Copy] = []
        failed: list[Row] = []
        for one in shown(self._survey(videos, stopped)):
            if isinstance(one, Copy):
                copies.append(one)
            elif isinstance(one, Row):
                failed.append(one)
        members = groups.group([copy.fingerprint for copy in copies])
        results: list[Group] = []
        for places in members:
            if stopped():
                break
            results.append(self._judge([copies[place] for place in places]))
        return Result(tuple(results), tuple(failed))

    def _survey(
        self, videos: Sequence[str | Row], stopped: Callable[[], bool]
    ) -> Iterator[Copy | Row]:
        outcomes = self._workers.work(
            videos,
            request=lambda video: {"video": video},
            skip=lambda video: isinstance(video, Row),
            stopped=stopped,
        )
        for number, (video, outcome) in enumerate(outcomes):
            if isinstance(video, Row):
                yield video
            elif outcome:
                yield self._copy(video, outcome, Path(self._scratch.name, f"{number}.npy"))

    def _copy(self, video: str, outcome: Outcome[_Part], thumbnails: Path) -> Copy | Row:
        if outcome.end:
            return Row(video, outcome.end.status, outcome.end.reason, seconds=outcome.seconds)
        row = outcome.parts[0].row
        if row is None or row.status != "ok":
            return row or Row(video, "crashed", "its process said nothing of it")
        _, facts, small = outcome.parts
        np.save(thumbnails, np.frombuffer(small.data, np.uint8).reshape(small.fields["shape"]))
        return Copy(
            row,
            Probe(**facts.fields["probe"]),
            int(facts.fields["bits"]),
            int(facts.fields["bytes"]),
            fingerprint.unpack(facts.fields["hashes"], facts.data),
            thumbnails,
        )

    def _judge(self, copies: Sequence[Copy]) -> Group:
        if len(copies) == 1:
            return Group((Judged(copies[0], "only"),), 0, None, "")
        apart = _incomplete(copies)
        whole = [place for place in range(len(copies)) if place not in apart]
        offsets = self._offsets(copies, apart)
        looks = self._looks(copies, offsets, apart)
        shared = _shared(looks, apart)
        scale = Scale(self.greeting.better, self.greeting.most - self.greeting.least)
        if shared is None:
            if len(whole) > 1:  # whichever is left by now is not known to be better
                for place in whole:
                    apart.setdefault(place, "no other copy can be lined up with it")
            return judge.alone(copies, apart, scale)
        mirrored = {place: offsets[place].mirrored for place in looks}
        return judge.among(copies, looks, shared, mirrored=mirrored, apart=apart, scale=scale)

    def _offsets(self, copies: Sequence[Copy], apart: dict[int, str]) -> dict[int, Offset]:
        """How each copy lies to the first one here, to which most fit; others are set apart."""
        whole = [place for place in range(len(copies)) if place not in apart]
        frames = {place: copies[place].frames() for place in whole}
        by_size = sorted(whole, key=lambda place: -copies[place].pixels)
        best: dict[int, Offset] = {}
        for anchor in by_size[:3]:
            offsets = {
                place: SAME
                if place == anchor
                else alignment.find_offset(
                    frames[anchor],
                    frames[place],
                    anchor_fps=copies[anchor].probe.fps,
                    fps=copies[place].probe.fps,
                )
                for place in whole
            }
            fitting = {place: one for place, one in offsets.items() if one.fits}
            # The anchor comes first, whatever its place.
            fitting = {anchor: fitting.pop(anchor), **fitting}
            if len(fitting) > len(best):
                best = fitting
            if 2 * len(best) > len(whole):
                break
        for place in whole:
            if place not in best:
                apart[place] = "not to be lined up with the others: borders, other moments or speed"
        return _straight(best, apart)

    def _looks(
        self, copies: Sequence[Copy], offsets: dict[int, Offset], apart: dict[int, str]
    ) -> dict[int, Look]:
        if len(offsets) < 2:
            return {}
        anchor = next(iter(offsets))
        seconds = [
            min(copies[place].probe.duration_s, _seconds(copies[place])) for place in offsets
        ]
        times = alignment.moments_of(
            list(offsets.values()), seconds, fps=copies[anchor].probe.fps, count=MOMENTS
        )
        size = max((copies[place].size for place in offsets), key=lambda size: size[0] * size[1])

        def request(place: int) -> dict[str, Any]:
            copy = copies[place]
            numbers = alignment.numbers_of(
                times, offsets[place], fps=copy.probe.fps, frame_count=copy.probe.frames
            )
            return {
                "video": copy.video,
                "numbers": numbers,
                "size": size,
                "mirrored": offsets[place].mirrored,
            }

        looks: dict[int, Look] = {}
        for place, outcome in self._workers.work(list(offsets), request=request):
            if not outcome or outcome.end or "problem" in outcome.parts[0].fields:
                apart[place] = "not to be decoded a second time"
                continue
            (part,) = outcome.parts
            looks[place] = Look(
                np.frombuffer(part.data, np.uint8).reshape(part.fields["shape"]),
                np.array(part.fields["spectrum"], np.float32),
            )
        return looks

    def _greet(self, fields: dict[str, Any]) -> None:
        self._greeted = self._greeted or Greeting(**fields)


def _incomplete(copies: Sequence[Copy]) -> dict[int, str]:
    """Copies that lack a part of the picture or of the time, and what they lack."""
    apart: dict[int, str] = {}
    for place, copy in enumerate(copies):
        for other in copies:
            one, whole = copy.fingerprint, other.fingerprint
            if other is not copy and groups.is_crop(one, whole) and not groups.is_crop(whole, one):
                apart[place] = (
                    "shows less of the picture than another copy: cropped, or too dark to tell"
                )
                break
    longest = max(copy.probe.duration_s for copy in copies)
    for place, copy in enumerate(copies):
        seconds = copy.probe.duration_s
        if place not in apart and seconds < SHORTER * longest and longest - seconds > SHORTER_S:
            apart[place] = f"shorter: {seconds:.1f} s of {longest:.1f} s"
    return apart


def _straight(offsets: dict[int, Offset], apart: dict[int, str]) -> dict[int, Offset]:
    """Those that are turned as most are; nobody knows which way is right where it is half each."""
    turned = [place for place, one in offsets.items() if one.mirrored]
    fewer = turned
    if 2 * len(turned) > len(offsets):
        fewer = [place for place in offsets if place not in turned]
    if 2 * len(fewer) == len(offsets):
        return offsets
    for place in fewer:
        apart[place] = "mirrored: left and right are exchanged"
    return {place: one for place, one in offsets.items() if place not in fewer}


def _shared(looks: dict[int, Look], apart: dict[int, str]) -> detail.Shared | None:
    """What the copies share; whoever shows another part of the picture is set apart."""
    while len(looks) > 1:
        shared = detail.compare(np.stack([look.patches for look in looks.values()]))
        coarse = np.tanh(shared.loading[:, 0])
        worst = int(coarse.argmin())
        if coarse[worst] >= LINED_UP:
            return shared
        place = list(looks)[worst]
        apart[place] = "not to be lined up with the others: cropped, or with borders"
        del looks[place]
    return None


def _seconds(copy: Copy) -> float:
    """Time of which there are thumbnails."""
    return len(copy.frames()) / max(copy.probe.fps, 1e-3)


def _read(item: object, message: Message) -> _Part:
    fields = dict(message.fields)
    row = None
    if "row" in fields:
        row = from_mapping({**fields["row"], "video": item})
    return _Part(fields, message.data, row)
