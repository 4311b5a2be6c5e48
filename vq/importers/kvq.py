"""KVQ (Lu et al., CVPR 2024)."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating, parts

VERSIONS = 7
"""An upload and its six processed versions have consecutive numbers."""


def read(path: Path, how: How) -> list[Rating]:
    """`train_data.csv` and its like: a header, then name and score first in each line."""
    table = tables.read(path, delimiter=how.delimiter)
    mos = tables.numbers(table.at(1), where=f"{path}: column {table.header[1]!r}")
    return [Rating(name, value) for name, value in zip(table.at(0), mos, strict=True)]


def content(video: str) -> str:
    """Folder and number of the upload: `train_video/0008.mp4` -> `train_video/upload 2`."""
    folder, _, name = video.rpartition("/")
    number = parts(name, ".", count=1)[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        return ""
    return f"{folder}/upload {(int(number) - 1) // VERSIONS + 1}".removeprefix("/")


FORM = Form(
    title="KVQ",
    read=read,
    files="train_data.csv and its like",
    layout=(
        "a header, then name and score first in each line; from the challenge's own code. The copy "
        "in CAMP-VQA's repository (vid, mos, ...) is of the same form, and was seen."
    ),
    scale=(1.0, 5.0),
    videos=4200,
    published=(1.305555556, 4.5),
    source="https://github.com/lixinustc/KVQ-Challenge-CVPR-NTIRE2024",
    licence="none stated",
    contents=(
        "Seven consecutive numbers in a folder are an upload and its versions: in CAMP-VQA's copy "
        "598 of the 600 groups are of one size of picture."
    ),
    content=content,
    suffix=".mp4",
    defects="A file of the challenge (train, val, test) is a part of the set (say --force).",
)
