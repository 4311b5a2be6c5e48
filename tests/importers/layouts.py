"""Label files in the official layouts, a few rows each, with made-up scores."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from openpyxl import Workbook
from scipy.io import savemat


@dataclass(frozen=True)
class Layout:
    """How a label file is written, and what has to come out of it."""

    form: str
    file: str
    write: Callable[[Path], None]
    first: tuple[str, float, str]
    """Video, mos and content of the first row."""
    count: int
    more: tuple[str, ...] = ()
    """Further columns of `labels.csv`."""
    names: str = ""
    """For `--names`: what is in that file."""


def text(content: str, *, encoding: str = "utf-8") -> Callable[[Path], None]:
    """Write a text file."""
    return lambda path: _write(path, content.encode(encoding))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _live_vqc(path: Path) -> None:
    names = np.array([["A001.mp4"], ["A012NEW.mp4"], ["B001.mp4"]], dtype=object)
    savemat(path, {"video_list": names, "mos": np.array([[80.2], [47.5], [27.25]])})


def _yt_gaming(path: Path) -> None:
    names = np.array([["ApexLegends-001"], ["ApexLegends-002"]], dtype=object)
    savemat(path, {"video_list": names, "MOS": np.array([[55.5], [62.5]]), "index": [[1, 0]]})


def _qualcomm(path: Path) -> None:
    names = ["0723_ManUnderTree_GS5_03_20150723_130016.yuv", "0102_Pond_LG_01_20150102_101010.yuv"]
    video = {
        "vidNames": np.array([[name] for name in names], dtype=object),
        "distortionType": np.array([[1], [2]]),
        "distortionNames": np.array([["Artifacts"], ["Color"]], dtype=object),
    }
    scores = {"unBiasedMOS": np.array([[50.25], [60.5]]), "biasedMOS": np.array([[51.0], [61.0]])}
    savemat(path, {"qualcommVideoData": video, "qualcommSubjectiveData": scores})


def _youtube(path: Path) -> None:
    book = Workbook()
    book.active.title = "readme"
    sheet = book.create_sheet("MOS")
    sheet.append(["vid", "category", "resolution", "# Subjects", "MOS full", "std full"])
    sheet.append(["Animation_1080P-01b3", "Animation", 1080, 125, 3.625, 0.5])
    sheet.append(["Vlog_720P-0d04", "Vlog", 720, 99, 2.5, None])
    book.save(path)


MAXWELL = "O,A-1,A-2,A-3,A-4,A-5,A-all,T-1,T-2,T-3,T-4,T-5,T-6,T-7,T-8,T-all\n" + "".join(
    f"{score},{','.join(['-0.5'] * 5)},2.5,{','.join(['0.5'] * 8)},3.5\n" for score in (1.5, 3, 2)
)

LAYOUTS = {
    "list": Layout(
        "lsvq", "LSVQ_test.txt",
        text("yfcc-batch1/747.mp4, -1, -1, 67.75\nia-batch4/a b.mp4, -1, -1, -1\n"),
        ("yfcc-batch1/747.mp4", 67.75, ""), 2,
    ),
    "konvid-1k": Layout(
        "konvid-1k", "KoNViD_1k_mos.csv",
        text('"flickr_id","mos"\n4542323058,3.22\n9753414792,3.84\n'),
        ("4542323058.mp4", 3.22, ""), 2,
    ),
    "konvid-1k-attributes": Layout(
        "konvid-1k", "KoNViD_1k_attributes.csv",
        text(
            "id,flickr_id,file_name,MOS\n"
            "1,6947112934,6947112934_original_centercrop_960x540_8s.mp4,4.18\n"
        ),
        ("6947112934.mp4", 4.18, ""), 1,
    ),
    "live-vqc": Layout("live-vqc", "data.mat", _live_vqc, ("A001.mp4", 80.2, ""), 3),
    "youtube-ugc": Layout(
        "youtube-ugc", "original_videos_MOS_for_YouTube_UGC_dataset.xlsx", _youtube,
        ("Animation_1080P-01b3.mp4", 3.625, ""), 2, ("category", "resolution"),
    ),
    "lsvq": Layout(
        "lsvq", "labels_train_test.csv",
        text(
            "name,p1,p2,p3,height,width,mos_p1,mos_p2,mos_p3,mos,is_test\n"
            "yfcc-batch1/747,0,0,0,540,960,60.1,61.2,62.3,67.75,True\n"
            "ia-batch4/Concert,0,0,0,540,960,60.1,61.2,62.3,50.5,False\n"
        ),
        ("yfcc-batch1/747.mp4", 67.75, ""), 2, ("is_test",),
    ),
    "cvd2014": Layout(
        "cvd2014", "Realignment_MOS.csv",
        text(
            "File_name;Content;Realignment MOS\nTest01_City_D01;City;67,29\n"
            "Test04_Talking_Head_D06;Talking_head;-6,50\n;;\n"
        ),
        ("Test1/City/Test01_City_D01.avi", 67.29, "Test01_City"), 2,
    ),
    "live-qualcomm": Layout(
        "live-qualcomm", "qualcommSubjectiveData.mat", _qualcomm,
        ("Artifacts/0723_ManUnderTree_GS5_03_20150723_130016.yuv", 50.25, "ManUnderTree"),
        2, ("distortion",),
    ),
    "kvq": Layout(
        "kvq", "train_data.csv",
        text("filename,score\ntrain/0008.mp4,3.166666667\ntrain/0014.mp4,2.5\n"),
        ("train/0008.mp4", 3.166666667, "train/upload 2"), 2,
    ),
    "kvq-metadata": Layout(
        "kvq", "KVQ_metadata.csv",
        text("vid,mos,width,height\ntrain_video/0001,3.361111111,1080,1920\n"),
        ("train_video/0001.mp4", 3.361111111, "train_video/upload 1"), 1,
    ),
    "divide-3k": Layout(
        "divide-3k", "val_labels.txt",
        text("0000.mp4, 1.114285714, 1.057142857, 1.028571429\n0012.mp4, 1.5, 1.4, 1.3\n"),
        ("0000.mp4", 1.028571429, ""), 2, ("technical", "aesthetic"),
    ),
    "maxwell": Layout(
        "maxwell", "MaxWell_val.csv", text(MAXWELL), ("0000.mp4", 1.5, ""), 3,
        ("A-1", "A-2", "A-3", "A-4", "A-5", "A-all", *(f"T-{n}" for n in range(1, 9)), "T-all"),
        "0000.mp4, -1, -1, 1.6245\n0012.mp4, -1, -1, 3.018\n0014.mp4, -1, -1, 2.089\n",
    ),
    "live-yt-gaming": Layout(
        "live-yt-gaming", "LIVEYTGaming.mat", _yt_gaming,
        ("ApexLegends-001.mp4", 55.5, "ApexLegends"), 2,
    ),
    "live-yt-gaming-metadata": Layout(
        "live-yt-gaming", "LIVE_YT_GAMING_metadata.csv",
        text("vid,mos,width,height\nARKSuvivalEvolved-001,68.5,1280,720\n"),
        ("ARKSuvivalEvolved-001.mp4", 68.5, "ARKSuvivalEvolved"), 1,
    ),
    "etri-live": Layout(
        "etri-live", "ETRI-LIVE_MOS.csv",
        text("\ufeffvideoName,MOS,std\nBeauty_1080p_120hz_q_27,64.65,10.75\n"),
        ("Beauty_1080p_120hz_q_27", 64.65, "Beauty"), 1,
    ),
    "own": Layout(
        "own", "scores.csv",
        text("video,mos,content,mood\na.mp4,3.5,park,calm\nb.mp4,2,,\n"),
        ("a.mp4", 3.5, "park"), 2, ("mood",),
    ),
}  # fmt: skip
