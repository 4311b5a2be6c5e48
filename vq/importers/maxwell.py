"""MaxWell (Wu et al., ACM MM 2023): sixteen dimensions, and names in a file of their own."""

from pathlib import Path

import numpy as np

from vq.data import tables
from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating
from vq.words import count

OVERALL = "O"
DIMENSIONS = (*(f"A-{n}" for n in range(1, 6)), "A-all", *(f"T-{n}" for n in range(1, 9)), "T-all")


def read(path: Path, how: How) -> list[Rating]:
    """`MaxWell_train.csv` or `MaxWell_val.csv`, and `--names`: a list of the same videos in order.

    Raises:
        DataError: no names, another number of them, or their own scores tell of other videos.
    """
    table = tables.read(path, delimiter=how.delimiter)
    overall = table.numbers(OVERALL)
    more = {name: table.numbers(name) for name in DIMENSIONS}
    if how.names is None:
        raise DataError(
            f"{path}: has no names of videos; say --names FILE, a list of the same videos in the "
            "same order: examplar_data_labels/MaxWell/test_labels.txt (of ExplainableVQA) for "
            "MaxWell_val.csv, train_labels.txt for MaxWell_train.csv"
        )
    return [
        Rating(
            video, overall[row], more={name: values[row] for name, values in more.items()}
        )
        for row, video in enumerate(_names(path, how.names, overall))
    ]  # fmt: skip


def _names(path: Path, names: Path, overall: list[float | None]) -> list[str]:
    lines = tables.lines(names)
    if len(lines) != len(overall):
        raise DataError(
            f"{names}: has {count(len(lines), 'line')}, {path} {count(len(overall), 'row')}; "
            "they have to be lists of the same videos"
        )
    if len(lines[0]) > 1:
        scores = tables.numbers([line[-1] for line in lines], where=f"{names}: last column")
        pairs = np.array(
            [(a, b) for a, b in zip(scores, overall, strict=True) if None not in (a, b)], np.float64
        )
        # The lists of ExplainableVQA have .929 O + .231, those of DOVER have O.
        if len(pairs) > 2 and not np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1] > 0.99:
            raise DataError(
                f"{names}: its scores are not those of {path}; they have to be lists of the same "
                "videos in the same order"
            )
    return [line[0] for line in lines]


FORM = Form(
    title="MaxWell",
    read=read,
    files="MaxWell_train.csv, MaxWell_val.csv",
    layout=(
        "O, A-1 to A-5, A-all, T-1 to T-8, T-all, no names; from ExplainableVQA's repository, as "
        "are the lists of names."
    ),
    seen=True,
    scale=(1.0, 5.0),
    videos=4543,
    source="https://github.com/VQAssessment/ExplainableVQA",
    licence="S-Lab License 1.0 (non-commercial)",
    defects=(
        "Train and val come in files of their own (say --force). A-1 to A-5 and T-1 to T-8 are on "
        "-1 to 1, the others on 1 to 5. The lists of names carry scores that are .929 O + .231."
    ),
    listed=False,
)
