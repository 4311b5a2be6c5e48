"""LIVE-YT-Gaming (Yu et al., 2022)."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating, parts
from vq.importers.live_vqc import paired


def read(path: Path, how: How) -> list[Rating]:
    """A `.mat` with `video_list` and `MOS`, or a table with `vid` and `mos`; no suffixes."""
    if path.suffix.lower() == ".mat":
        return paired(path, "video_list", "MOS")
    table = tables.read(path, delimiter=how.delimiter)
    return [
        Rating(video, value)
        for video, value in zip(table.text("vid"), table.numbers("mos"), strict=True)
    ]


def content(video: str) -> str:
    """The game: `ApexLegends-001.mp4` -> `ApexLegends`."""
    return parts(video, ".", count=1)[0].rpartition("-")[0]


FORM = Form(
    title="LIVE-YT-Gaming",
    read=read,
    files="a .mat, or LIVE_YT_GAMING_metadata.csv",
    layout=(
        "video_list and MOS; from code that reads it. The copy in CAMP-VQA's repository (vid, mos, "
        "...) was seen."
    ),
    scale=(0.0, 100.0),
    videos=600,
    published=(4.52965333671591, 95.9543135037814),
    source="https://live.ece.utexas.edu/research/LIVE-YT-Gaming/index.html",
    contents="The game: whether two clips of a game are of one upload is not known.",
    content=content,
    suffix=".mp4",
)
