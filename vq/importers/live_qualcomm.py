"""LIVE-Qualcomm (Ghadiyaram et al., IEEE TCSVT 2018)."""

from pathlib import Path

from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating, parts
from vq.importers.matlab import Variables
from vq.words import count


def read(path: Path, how: How) -> list[Rating]:
    """`qualcommSubjectiveData.mat`: structs `qualcommVideoData` and `qualcommSubjectiveData`.

    A video lies in the folder of its distortion: `Artifacts/0723_ManUnderTree_....yuv`.
    """
    variables = Variables(path)
    names = variables.texts("qualcommVideoData", "vidNames")
    folders = variables.texts("qualcommVideoData", "distortionNames")
    kinds = variables.numbers("qualcommVideoData", "distortionType")
    mos = variables.numbers("qualcommSubjectiveData", "unBiasedMOS")
    if not len(names) == len(kinds) == len(mos):
        raise DataError(
            f"{path}: has {count(len(names), 'name')}, {count(len(kinds), 'kind')} of distortion "
            f"and {count(len(mos), 'score')}; is it the right file?"
        )
    distortions = [_folder(path, folders, kind) for kind in kinds]
    return [
        Rating(f"{folder}/{name}", value, more={"distortion": folder})
        for folder, name, value in zip(distortions, names, mos, strict=True)
    ]


def content(video: str) -> str:
    """The scene: `0723_ManUnderTree_GS5_03_20150723_130016.yuv` -> `ManUnderTree`."""
    pieces = parts(video, "_", count=2)
    return pieces[1] if len(pieces) == 3 else ""


def _folder(path: Path, folders: list[str], kind: float | None) -> str:
    # MATLAB counts from one.
    if kind is None or kind != int(kind) or not 1 <= kind <= len(folders):
        raise DataError(f"{path}: distortionType {kind} is none of 1 to {len(folders)}")
    return folders[int(kind) - 1]


FORM = Form(
    title="LIVE-Qualcomm",
    read=read,
    files="qualcommSubjectiveData.mat",
    layout=(
        "qualcommVideoData.vidNames, .distortionNames and .distortionType, "
        "qualcommSubjectiveData.unBiasedMOS; from code that reads it."
    ),
    scale=(0.0, 100.0),
    videos=208,
    published=(16.5621, 73.6428),
    source="https://live.ece.utexas.edu/research/incaptureDatabase/index.html",
    contents="The scene, the second part of a name (known from one name); others are their own.",
    content=content,
    defects=(
        "Videos are raw .yuv (1920 x 1080, 4:2:0), which has no header: pack each one without loss "
        "(ffmpeg -f rawvideo -pixel_format yuv420p -video_size 1920x1080 -i X.yuv -c:v ffv1 X.mkv)."
    ),
)
