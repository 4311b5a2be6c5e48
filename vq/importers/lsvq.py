"""LSVQ (Ying et al., CVPR 2021)."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating


def read(path: Path, how: How) -> list[Rating]:
    """`labels_train_test.csv` or `labels_test_1080p.csv`: `name` without suffix, `mos`."""
    table = tables.read(path, delimiter=how.delimiter)
    names, mos = table.text("name"), table.numbers("mos")
    more = {name: table.text(name) for name in ("is_test",) if table.has(name)}
    return [
        Rating(name, mos[row], more={column: cells[row] for column, cells in more.items()})
        for row, name in enumerate(names)
    ]


FORM = Form(
    title="LSVQ",
    read=read,
    files="labels_train_test.csv, labels_test_1080p.csv",
    layout=(
        "name, mos, is_test and columns of three patches, which are left out; from json/LSVQ.json "
        "of the authors' repository."
    ),
    scale=(0.0, 100.0),
    videos=38811,
    source="https://github.com/baidut/PatchVQ",
    licence=(
        "use, copy and distribution free with the copyright notice of The University of Texas at "
        "Austin in all copies, and its papers cited; videos: Internet Archive and YFCC"
    ),
    contents="Each video is its own content; whether two are of one upload is not known.",
    suffix=".mp4",
    defects=(
        "One file of labels is a part of the set (say --force). Videos of the Internet Archive "
        "are fetched one by one, and some may be gone (say --present)."
    ),
)
