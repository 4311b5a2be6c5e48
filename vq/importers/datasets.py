"""Label files of public data sets, each with its reader and what is known of the set.

CVD2014, LIVE-Qualcomm and MaxWell, whose files need more, have modules of their own.
"""

from collections.abc import Sequence
from pathlib import Path

from vq.data import tables
from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating, parts
from vq.importers.matlab import Variables
from vq.words import count


def _by_columns(
    path: Path, how: How, video: str, mos: str, *, std: str = "", more: Sequence[str] = ()
) -> list[Rating]:
    """A table whose columns have these names; those of `more` come along if they are there."""
    table = tables.read(path, delimiter=how.delimiter)
    videos, scores = table.text(video), table.numbers(mos)
    stds = table.numbers(std) if std else [None] * len(scores)
    others = {name: table.text(name) for name in more if table.has(name)}
    return [
        Rating(
            name, scores[row], stds[row], more={key: cells[row] for key, cells in others.items()}
        )
        for row, name in enumerate(videos)
    ]


def _konvid_1k(path: Path, how: How) -> list[Rating]:
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


KONVID_1K = Form(
    title="KoNViD-1k",
    read=_konvid_1k,
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
"""KoNViD-1k (Hosu et al., QoMEX 2017)."""


def _live_vqc(path: Path, how: How) -> list[Rating]:
    """`data.mat`: a cell array `video_list` and an array `mos`."""
    return _paired(path, "video_list", "mos")


def _paired(path: Path, names: str, scores: str) -> list[Rating]:
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


LIVE_VQC = Form(
    title="LIVE-VQC",
    read=_live_vqc,
    files="data.mat",
    layout="video_list and mos; from code that reads it.",
    scale=(0.0, 100.0),
    videos=585,
    published=(6.2237, 94.2865),
    source="https://live.ece.utexas.edu/research/LIVEVQC/index.html",
    contents="Each video is its own content, says the paper.",
)
"""LIVE-VQC (Sinno and Bovik, IEEE TIP 2019)."""


def _youtube_ugc(path: Path, how: How) -> list[Rating]:
    """The workbook's sheet `MOS`, or the same as CSV: `vid` without suffix, `MOS full`."""
    sheet = "MOS" if path.suffix.lower() == ".xlsx" else ""
    table = tables.read(path, delimiter=how.delimiter, sheet=sheet)
    mos, std = table.numbers("MOS full"), table.optional("std full")
    raters = table.optional("# Subjects", "x_Subjects")
    more = {name: table.text(name) for name in ("category", "resolution") if table.has(name)}
    return [
        Rating(
            video,
            mos[row],
            std[row],
            None if (number := raters[row]) is None else round(number),
            more={name: cells[row] for name, cells in more.items()},
        )
        for row, video in enumerate(table.text("vid"))
    ]


YOUTUBE_UGC = Form(
    title="YouTube-UGC",
    read=_youtube_ugc,
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
"""YouTube-UGC (Wang et al., MMSP 2019; ratings: Yim et al., ICIP 2020)."""


def _lsvq(path: Path, how: How) -> list[Rating]:
    """`labels_train_test.csv` or `labels_test_1080p.csv`: `name` without suffix, `mos`."""
    return _by_columns(path, how, "name", "mos", more=("is_test",))


LSVQ = Form(
    title="LSVQ",
    read=_lsvq,
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
"""LSVQ (Ying et al., CVPR 2021)."""


KVQ_VERSIONS = 7
"""An upload and its six processed versions have consecutive numbers."""


def _kvq(path: Path, how: How) -> list[Rating]:
    """`train_data.csv` and its like: a header, then name and score first in each line."""
    table = tables.read(path, delimiter=how.delimiter)
    mos = tables.numbers(table.at(1), where=f"{path}: column {table.header[1]!r}")
    return [Rating(name, value) for name, value in zip(table.at(0), mos, strict=True)]


def _kvq_content(video: str) -> str:
    """Folder and number of the upload: `train_video/0008.mp4` -> `train_video/upload 2`."""
    folder, _, name = video.rpartition("/")
    number = parts(name, ".", count=1)[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        return ""
    return f"{folder}/upload {(int(number) - 1) // KVQ_VERSIONS + 1}".removeprefix("/")


KVQ = Form(
    title="KVQ",
    read=_kvq,
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
    content=_kvq_content,
    suffix=".mp4",
    defects="A file of the challenge (train, val, test) is a part of the set (say --force).",
)
"""KVQ (Lu et al., CVPR 2024)."""


def _divide_3k(path: Path, how: How) -> list[Rating]:
    """`train_labels.txt` or `val_labels.txt`: `path, technical, aesthetic, overall`, no header."""
    lines = tables.read_list(path, width=4, delimiter=how.delimiter)
    first, second, overall = (
        tables.numbers([line[column] for line in lines], where=f"{path}: column {column + 1}")
        for column in (1, 2, 3)
    )
    return [
        Rating(line[0], overall[row], more={"technical": first[row], "aesthetic": second[row]})
        for row, line in enumerate(lines)
    ]


DIVIDE_3K = Form(
    title="DIVIDE-3k",
    read=_divide_3k,
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
"""DIVIDE-3k (Wu et al., ICCV 2023), as its labels come with DOVER: three scores a video."""


def _live_yt_gaming(path: Path, how: How) -> list[Rating]:
    """A `.mat` with `video_list` and `MOS`, or a table with `vid` and `mos`; no suffixes."""
    if path.suffix.lower() == ".mat":
        return _paired(path, "video_list", "MOS")
    return _by_columns(path, how, "vid", "mos")


def _live_yt_gaming_content(video: str) -> str:
    """The game: `ApexLegends-001.mp4` -> `ApexLegends`."""
    return parts(video, ".", count=1)[0].rpartition("-")[0]


LIVE_YT_GAMING = Form(
    title="LIVE-YT-Gaming",
    read=_live_yt_gaming,
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
    content=_live_yt_gaming_content,
    suffix=".mp4",
)
"""LIVE-YT-Gaming (Yu et al., 2022)."""


def _etri_live(path: Path, how: How) -> list[Rating]:
    """`ETRI-LIVE_MOS.csv`: `videoName` without suffix, `MOS`, `std`, after a byte-order mark."""
    return _by_columns(path, how, "videoName", "MOS", std="std")


def _etri_live_content(video: str) -> str:
    """The source: `Beauty_1080p_120hz_q_27` -> `Beauty`."""
    return parts(video, "_", count=1)[0]


ETRI_LIVE = Form(
    title="ETRI-LIVE STSVQ",
    read=_etri_live,
    files="ETRI-LIVE_MOS.csv",
    layout="videoName, MOS, std, after a byte-order mark; from the authors' repository.",
    seen=True,
    scale=(0.0, 100.0),
    videos=437,
    published=(17.66977607, 76.86753058),
    source="https://github.com/daelee711/ETRI-LIVE_STSVQ",
    licence="none stated",
    contents="The source, the first part of a name: fifteen of them.",
    content=_etri_live_content,
    defects=(
        "ETRI-LIVE_DMOS.csv looks the same and holds differences; what suffix the videos have is "
        "not known, so that the folder of videos has to be there."
    ),
)
"""ETRI-LIVE STSVQ (Lee et al., 2021): space-time subsampled versions of fifteen sources."""
