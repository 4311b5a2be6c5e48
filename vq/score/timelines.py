"""Where the timelines of a run are written."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vq.data.files import atomic
from vq.errors import DataError
from vq.score.answers import Answer
from vq.score.rows import Row
from vq.words import count

ENDINGS = (".png", ".json")
LONGEST = 200
"""Characters of a name; file systems take 255 bytes, endings and what `atomic` adds among them."""


class Timelines:
    """Writes the timeline of each video: numbers as JSON, the picture as PNG."""

    def __init__(self, target: Path, videos: Sequence[str | Row]) -> None:
        """Know where they go, before there is one.

        Args:
            target: a file that ends in .png or .json, for one video; else a folder, which gets
                both for each.
            videos: those of the run.

        Raises:
            DataError: one file for several videos, or pictures cannot be drawn here.
        """
        self._file = target if target.suffix.lower() in ENDINGS else None
        self._folder = target
        self._taken: Counter[str] = Counter()
        if self._file is not None and len(videos) > 1:
            raise DataError(
                f"{target}: is one file for {count(len(videos), 'video')}; name a folder"
            )
        if target.suffix.lower() != ".json":
            # Said before the work.
            _matplotlib()

    def write(self, answer: Answer) -> None:
        """Write what an answer has of a timeline.

        Raises:
            DataError: the file cannot be written.
        """
        if answer.timeline is None:
            return
        files = [self._file] if self._file else self._both(answer.row.video)
        for path in files:
            try:
                with atomic(path) as unfinished:
                    _write(unfinished, answer)
            except OSError as error:
                raise DataError(f"{path}: cannot be written ({error.strerror})") from error

    def _both(self, video: str) -> list[Path]:
        # The path makes the name: clips of two folders are often called the same.
        name = "_".join(part for part in Path(video).parts if part not in ("/", ".."))
        name = name.encode("utf-8", "surrogateescape")[-LONGEST:].decode("utf-8", "ignore")
        self._taken[name] += 1
        if (times := self._taken[name]) > 1:
            name = f"{name}-{times}"
        return [self._folder / f"{name}{ending}" for ending in ENDINGS]


def _write(path: Path, answer: Answer) -> None:
    if path.suffix.lower() == ".json":
        told = {"video": answer.row.video, "score": answer.row.score, **(answer.timeline or {})}
        path.write_bytes(json.dumps(told, indent=2).encode() + b"\n")
        return
    from vq.score.picture import draw

    draw(path, answer)


def _matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DataError(
            "a picture of a timeline needs matplotlib; pip install 'vq[timeline]', "
            "or ask for a .json"
        ) from error
