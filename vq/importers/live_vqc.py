"""LIVE-VQC (Sinno and Bovik, IEEE TIP 2019)."""

from pathlib import Path

from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating
from vq.importers.matlab import Variables
from vq.words import count


def read(path: Path, how: How) -> list[Rating]:
    """`data.mat`: a cell array `video_list` and an array `mos`."""
    return paired(path, "video_list", "mos")


def paired(path: Path, names: str, scores: str) -> list[Rating]:
    """Two arrays of a MATLAB file that belong together.

    Raises:
        DataError: they differ in length.
    """
    variables = Variables(path)
    videos, mos = variables.texts(names), variables.numbers(scores)
    if len(videos) != len(mos):
        raise DataError(
            f"{path}: {names} has {count(len(videos), 'name')}, {scores} "
            f"{count(len(mos), 'number')}; is it the right file?"
        )
    return [Rating(video, value) for video, value in zip(videos, mos, strict=True)]


FORM = Form(
    title="LIVE-VQC",
    read=read,
    files="data.mat",
    layout="video_list and mos; from code that reads it.",
    scale=(0.0, 100.0),
    videos=585,
    published=(6.2237, 94.2865),
    source="https://live.ece.utexas.edu/research/LIVEVQC/index.html",
    contents="Each video is its own content, says the paper.",
)
