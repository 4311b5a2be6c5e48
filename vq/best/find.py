"""The best copy of each source: survey all videos, group them, compare the copies of each group."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vq.best import alignment, answer, detail, groups, judge
from vq.best.alignment import SAME, Offset
from vq.best.answer import Facts, Part, Thumbnails
from vq.best.copy import Copy
from vq.best.judge import Scale
from vq.best.look import Look, shape_of
from vq.best.result import Group, Judged, Result
from vq.inference.row import Row
from vq.workers.limits import Limits
from vq.workers.protocol import Job
from vq.workers.worker_pool import WorkerPool
from vq.workers.worker_process import NONSENSE, Outcome

MOMENTS = 8
"""At which copies are compared."""
SHORTER, SHORTER_S = 0.95, 0.25
"""A copy is shorter if it has less of the longest one's time, and lacks this many seconds."""
LINED_UP = 0.85
"""Correlation of the coarsest detail with what all share, below which a copy shows another part of
the picture, or has borders."""


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
        self._workers = WorkerPool[Any, Part](
            Job("vq.best.worker:prepare", (folder, threads, limits)),
            limits=limits,
            read=answer.read,
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

    def _copy(self, video: str, outcome: Outcome[Part], thumbnails: Path) -> Copy | Row:
        if outcome.end:
            return Row(video, outcome.end.status, outcome.end.reason, seconds=outcome.seconds)
        match outcome.parts:
            case (Row() as row,) if row.status != "ok":
                return row
            case (Row() as row, Facts() as facts, Thumbnails() as small) if row.status == "ok":
                np.save(thumbnails, small.pixels)
                return Copy(
                    row,
                    facts.probe,
                    facts.bits,
                    facts.bytes,
                    facts.fingerprint,
                    thumbnails,
                    small.clock,
                    small.clock.seconds(len(small.pixels)),
                )
        return Row(video, "crashed", NONSENSE, seconds=outcome.seconds)

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
        by_size = sorted(whole, key=lambda place: -copies[place].pixels)
        best: dict[int, Offset] = {}
        for anchor in by_size[:3]:
            offsets = {
                place: SAME
                if place == anchor
                else alignment.find_offset(
                    copies[anchor].frames(),
                    copies[place].frames(),
                    anchor_clock=copies[anchor].clock,
                    clock=copies[place].clock,
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
        seconds = [min(copies[place].probe.duration_s, copies[place].seconds) for place in offsets]
        times = alignment.moments_of(
            list(offsets.values()), seconds, clock=copies[anchor].clock, count=MOMENTS
        )
        size = max((copies[place].size for place in offsets), key=lambda size: size[0] * size[1])

        def request(place: int) -> dict[str, Any]:
            copy = copies[place]
            numbers = alignment.numbers_of(
                times, offsets[place], clock=copy.clock, frame_count=copy.probe.frames
            )
            return {
                "video": copy.video,
                "numbers": numbers,
                "size": size,
                "mirrored": offsets[place].mirrored,
            }

        looks: dict[int, Look] = {}
        for place, outcome in self._workers.work(list(offsets), request=request):
            match outcome.parts if outcome and not outcome.end else ():
                case (Look() as look,) if look.patches.shape == shape_of(size, MOMENTS):
                    looks[place] = look
                case _:
                    apart[place] = "not to be decoded a second time"
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
                    "cropped, or too dark to tell: another copy shows more of the picture"
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
