"""Where the timelines of a run are written."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from vq.errors import DataError
from vq.files import atomic
from vq.inference.row import Row
from vq.scoring.names import as_text
from vq.scoring.scoring_pool import Answer
from vq.words import count

ENDINGS = (".png", ".json")
LONGEST = 200
"""Characters of a name; file systems take 255 bytes, endings and what `atomic` adds among them."""


class Timelines:
    """Writes the timeline of each video: numbers as JSON, the picture as PNG."""

    def __init__(self, target: Path, videos: Sequence[str | Row]) -> None:
        """Choose the files, before there is a timeline.

        The target is a file that ends in .png or .json, for one video; else a folder, which gets
        both for each.

        Raises:
            DataError: one file for several videos, something that is neither file nor folder, or
                pictures cannot be drawn here.
        """
        ending = target.suffix.lower()
        alone = ending in ENDINGS
        if alone and len(videos) > 1:
            raise DataError(
                f"{target}: is one file for {count(len(videos), 'video')}; name a folder"
            )
        if not alone and target.exists() and not target.is_dir():
            raise DataError(f"{target}: is there, and no folder; name another, or a .png or .json")
        if not alone and ending and not target.exists():
            raise DataError(
                f"{target}: a timeline is a .png or a .json; if this is to be a folder, make it "
                "first (mkdir)"
            )
        if ending != ".json":
            # Said before the work.
            _matplotlib()
        names = [item if isinstance(item, str) else item.video for item in videos]
        self._files = {name: [target] for name in names} if alone else _both(target, names)

    @property
    def files(self) -> list[Path]:
        """All that may come to be."""
        return [path for paths in self._files.values() for path in paths]

    def write(self, answer: Answer) -> None:
        """Write what an answer has of a timeline.

        Raises:
            DataError: the file cannot be written.
        """
        if answer.timeline is None:
            return
        for path in self._files[answer.row.video]:
            try:
                with atomic(path) as unfinished:
                    _write(unfinished, answer)
            except OSError as error:
                raise DataError(f"{path}: cannot be written ({error.strerror})") from error


def _both(folder: Path, videos: Sequence[str]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    taken: set[str] = set()
    for video in videos:
        # The path makes the name: clips of two folders are often called the same.
        name = "_".join(part for part in Path(video).parts if part not in ("/", ".."))
        name = as_text(name).encode()[-LONGEST:].decode("utf-8", "ignore")
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        name = next(one for one in itertools.chain([name], numbered) if one not in taken)
        taken.add(name)
        files[video] = [folder / f"{name}{ending}" for ending in ENDINGS]
    return files


def _write(path: Path, answer: Answer) -> None:
    if path.suffix.lower() == ".json":
        document = {
            "video": as_text(answer.row.video),
            "score": answer.row.score,
            **(answer.timeline or {}),
        }
        path.write_bytes(json.dumps(document, indent=2).encode() + b"\n")
        return
    from vq.scoring.timeline_plot import draw

    draw(path, answer)


def _matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DataError(
            "a picture of a timeline needs matplotlib; pip install 'vq[timeline]', "
            "or ask for a .json"
        ) from error
