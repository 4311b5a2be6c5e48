"""ETRI-LIVE STSVQ (Lee et al., 2021): space-time subsampled versions of fifteen sources."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating, parts


def read(path: Path, how: How) -> list[Rating]:
    """`ETRI-LIVE_MOS.csv`: `videoName` without suffix, `MOS`, `std`, after a byte-order mark."""
    table = tables.read(path, delimiter=how.delimiter)
    return [
        Rating(video, mos, std)
        for video, mos, std in zip(
            table.text("videoName"), table.numbers("MOS"), table.numbers("std"), strict=True
        )
    ]


def content(video: str) -> str:
    """The source: `Beauty_1080p_120hz_q_27` -> `Beauty`."""
    return parts(video, "_", count=1)[0]


FORM = Form(
    title="ETRI-LIVE STSVQ",
    read=read,
    files="ETRI-LIVE_MOS.csv",
    layout="videoName, MOS, std, after a byte-order mark; from the authors' repository.",
    seen=True,
    scale=(0.0, 100.0),
    videos=437,
    published=(17.66977607, 76.86753058),
    source="https://github.com/daelee711/ETRI-LIVE_STSVQ",
    licence="none stated",
    contents="The source, the first part of a name: fifteen of them.",
    content=content,
    defects=(
        "ETRI-LIVE_DMOS.csv looks the same and holds differences; what suffix the videos have is "
        "not known, so that the folder of videos has to be there."
    ),
)
