"""DIVIDE-3k (Wu et al., ICCV 2023), as its labels come with DOVER: three scores a video."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating

DIMENSIONS = ("technical", "aesthetic")


def read(path: Path, how: How) -> list[Rating]:
    """`train_labels.txt` or `val_labels.txt`: `path, technical, aesthetic, overall`, no header."""
    lines = tables.read_list(path, width=4, delimiter=how.delimiter)
    first, second, overall = (
        tables.numbers([line[column] for line in lines], where=f"{path}: column {column + 1}")
        for column in (1, 2, 3)
    )
    return [
        Rating(line[0], overall[row], more=dict(zip(DIMENSIONS, (first[row], second[row]))))  # noqa: B905
        for row, line in enumerate(lines)
    ]


FORM = Form(
    title="DIVIDE-3k",
    read=read,
    files="train_labels.txt, val_labels.txt",
    layout="path, technical, aesthetic, overall, no header; from DOVER's repository.",
    seen=True,
    scale=(1.0, 5.0),
    source="https://github.com/VQAssessment/DOVER",
    licence="S-Lab License 1.0 (non-commercial)",
    defects=(
        "DOVER's code calls the first score aesthetic and the second technical. MaxWell_val.csv "
        "has the same numbers as T-all and A-all, and its own attributes agree with that: A-1 to "
        "A-4 go with A-all, T-1 to T-4 with T-all. We follow the data."
    ),
    listed=False,
)
