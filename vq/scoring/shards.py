"""Shards of a list, which any machine may score: their rows lie in a folder until all are there.

The file of a shard's rows is named by its content, the names of its videos and what their files
are. So it holds the rows of these files, whoever wrote it and however often.
"""

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vq.errors import VqError
from vq.files import atomic
from vq.inference.modes import ModeRequest
from vq.inference.row import Row
from vq.scoring.formats import line, parse_line
from vq.scoring.names import is_url
from vq.scoring.scoring_pool import ScoringPool
from vq.workers.handshake import PATIENCE_SECONDS
from vq.workers.limits import Limits

MOST = 128
"""Videos of a shard: what a machine that dies may cost."""
STUDENT = ("card.json", "student.onnx")


@dataclass(frozen=True)
class Shard:
    """Videos that are scored in one go; travels to other machines."""

    rows: Path
    """Where their rows come to be, all at once."""
    videos: tuple[str, ...]


@dataclass(frozen=True)
class Shards:
    """The shards of one output, and how they are scored; travels to other machines."""

    folder: Path
    """Of these rows and of the student; absolute, and seen by all machines like the videos."""
    base: Path
    """Where the names of videos start, unless they are absolute or URLs."""
    closely: ModeRequest
    limits: Limits
    feature: bool = False
    """Whether rows have the second feature."""
    causes: bool = False
    """Whether rows have causes."""

    @classmethod
    def of(
        cls,
        student: Path,
        within: Path,
        *,
        output: str,
        closely: ModeRequest,
        limits: Limits,
        feature: bool = False,
        causes: bool = False,
    ) -> "Shards":
        """Those of a student, a way of looking and an output; the student is put beside them."""
        content = [(student / name).read_bytes() for name in STUDENT]
        hashes = [hashlib.sha256(data).hexdigest() for data in content]
        settings = [asdict(closely), asdict(limits), feature, causes]
        key = _hash([output, str(Path.cwd()), *settings, *hashes])
        shards = cls(within.absolute() / key[:16], Path.cwd(), closely, limits, feature, causes)
        for name, data in zip(STUDENT, content, strict=True):
            with atomic(shards.student / name) as path:
                path.write_bytes(data)
        return shards

    @property
    def student(self) -> Path:
        """The bundle that all machines load."""
        return self.folder / "student"

    def score(self, shard: Shard, pool: ScoringPool) -> None:
        """Write the rows of a shard.

        Raises:
            VqError: the model cannot be loaded, or has no such mode.
        """
        answers = pool.score(map(self._place, shard.videos), closely=self.closely)
        rows = [
            replace(answer.row, video=name)
            for name, answer in zip(shard.videos, answers, strict=True)
        ]
        with atomic(shard.rows) as path:
            path.write_bytes(b"".join(map(line, rows)))

    def gather(self, videos: Sequence[str], elsewhere: "Elsewhere") -> Iterator[Row]:
        """Rows of the videos; first those that are here already, of a run that was killed.

        Raises:
            VqError: `elsewhere` fails, or this machine does not see what it did.
        """
        wanted = dict.fromkeys(videos)
        for row in self._left():
            if row.video in wanted:
                del wanted[row.video]
                yield row
        todo = self._cut(list(wanted))
        if todo:
            elsewhere(self, todo)
        for shard in todo:
            yield from self._done(shard)

    def forget(self) -> None:
        """Take all of it away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cut(self, videos: Sequence[str]) -> list[Shard]:
        """Shards of some videos, in their order: as many as each has videos, or more."""
        size = min(MOST, math.isqrt(len(videos)) or 1)
        parts = [tuple(videos[start : start + size]) for start in range(0, len(videos), size)]
        return [Shard(self.folder / f"{self._address(part)}.jsonl", part) for part in parts]

    def _left(self) -> Iterator[Row]:
        """What was kept of files that are still what they were."""
        for path in sorted(self.folder.glob("[!.]*.jsonl")):  # dots: killed while it wrote
            rows = _read(path)
            if self._address([row.video for row in rows]) == path.stem:
                yield from rows

    def _done(self, shard: Shard) -> list[Row]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not shard.rows.exists():
            if time.monotonic() > deadline:
                raise VqError(
                    f"{shard.rows}: was written elsewhere, and is not here; do all machines see "
                    "the workspace under this path?"
                )
            time.sleep(0.2)
        return _read(shard.rows)

    def _address(self, videos: Sequence[str]) -> str:
        return _hash([[video, *self._identity(video)] for video in videos])[:32]

    def _identity(self, video: str) -> tuple[int, ...]:
        """What tells a file from another one under its name; of what is fetched, nothing is known.

        To ask a store for each video would take as long as its score.
        """
        try:
            stat = Path(self._place(video)).stat()
        except (OSError, ValueError):
            return ()
        return stat.st_size, stat.st_mtime_ns

    def _place(self, video: str) -> str:
        return video if is_url(video) else str(self.base / video)


Elsewhere = Callable[[Shards, Sequence[Shard]], None]
"""Has some shards scored, and comes back when all are."""


def _read(path: Path) -> list[Row]:
    return [parse_line(text) for text in path.read_bytes().splitlines(keepends=True)]


def _hash(content: object) -> str:
    # A file name may hold bytes that are no text; they are escaped.
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
