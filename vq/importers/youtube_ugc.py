"""YouTube-UGC (Wang et al., MMSP 2019; ratings: Yim et al., ICIP 2020)."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating


def read(path: Path, how: How) -> list[Rating]:
    """The workbook's sheet `MOS`, or the same as CSV: `vid` without suffix, `MOS full`."""
    table = tables.read(path, delimiter=how.delimiter, sheet="MOS" if _is_excel(path) else "")
    mos, std = table.numbers("MOS full"), table.optional("std full")
    raters = table.optional("# Subjects", "x_Subjects")
    more = {name: table.text(name) for name in ("category", "resolution") if table.has(name)}
    return [
        Rating(
            video,
            mos[row],
            std[row],
            None if (count := raters[row]) is None else round(count),
            more={name: cells[row] for name, cells in more.items()},
        )
        for row, video in enumerate(table.text("vid"))
    ]


def _is_excel(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


FORM = Form(
    title="YouTube-UGC",
    read=read,
    files="original_videos_MOS_for_YouTube_UGC_dataset.xlsx",
    layout=(
        "sheet MOS: vid, category, resolution, MOS full and more; from code that reads it, and "
        "from a CSV copy in VIDEVAL's repository."
    ),
    scale=(1.0, 5.0),
    published=(1.242, 4.698),
    source="https://media.withyoutube.com",
    licence="Creative Commons Attribution, with a file of attributions",
    contents="Each video is its own content; whether two are of one upload is not known.",
    suffix=".mp4",
    tail=r"_crf_\d+_ss_\d+_t_[\d.]+",
    defects=(
        "Not all of the 1,500 published clips are rated; how many is not known here, so that the "
        "count is not checked. Originals are .mkv, the H.264 copies .mp4 with a longer name."
    ),
)
