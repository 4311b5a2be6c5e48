"""KoNViD-1k (Hosu et al., QoMEX 2017)."""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import Form, How, Rating


def read(path: Path, how: How) -> list[Rating]:
    """`KoNViD_1k_mos.csv` or `KoNViD_1k_attributes.csv`: both name a video by its Flickr id.

    Early downloads of the videos have the `file_name` of the attributes instead.
    """
    table = tables.read(path, delimiter=how.delimiter)
    ids, mos = table.text("flickr_id"), table.numbers("mos")
    names = table.text("file_name") if table.has("file_name") else [""] * len(ids)
    return [
        Rating(f"{number}.mp4", value, also=name)
        for number, value, name in zip(ids, mos, names, strict=True)
    ]


FORM = Form(
    title="KoNViD-1k",
    read=read,
    files="KoNViD_1k_mos.csv, KoNViD_1k_attributes.csv",
    layout="flickr_id and mos, or flickr_id, file_name, MOS and more; from code that reads them.",
    scale=(1.0, 5.0),
    videos=1200,
    published=(1.22, 4.64),
    source="https://database.mmsp-kn.de/konvid-1k-database.html",
    licence="videos: from YFCC100m, under the terms of their uploaders; ratings: not known",
    contents="Each video is its own content: they were sampled one by one.",
    defects="Lists of FAST-VQA's kind have 1,192 of the 1,200 videos.",
)
