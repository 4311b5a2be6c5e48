"""What is to be rated, as a table: what `vq rate` takes."""

import os
from collections.abc import Sequence
from pathlib import Path

from vq.active_learning.candidates import Candidates
from vq.active_learning.choose import Choice
from vq.files import write_rows
from vq.scoring.names import as_text, is_url

HEADER = ("video", "reason", "random", "score")


def write(path: Path, candidates: Candidates, choices: Sequence[Choice]) -> None:
    """Write a row for each choice; paths are absolute, or relative to the folder of the table."""
    rows = (
        (
            as_text(_beside(path, candidates.videos[choice.place])),
            choice.reason,
            "yes" if choice.random else "no",
            f"{candidates.score[choice.place]:.4f}",
        )
        for choice in choices
    )
    write_rows(path, HEADER, rows)


def _beside(path: Path, video: str) -> str:
    if is_url(video) or Path(video).is_absolute():
        return video
    return os.path.relpath(video, path.parent)
