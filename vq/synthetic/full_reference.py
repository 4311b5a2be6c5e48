"""What full-reference tools say of a damaged copy, frame by frame.

VMAF (v0.6.1, and NEG, which gives no credit for sharpening), PSNR, SSIM and CAMBI are
computed by libvmaf within a real FFmpeg. Exposure is separated first: a tone curve from the
original to the copy is fitted, and libvmaf compares the copy with the original *seen through that
curve*. So its values say what happened beside the exposure, and `Measures.tone` says the exposure;
VMAF alone calls whatever is dark bad. Motion is compared on a small picture, for freezes and drops.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float64

from vq.errors import VideoError
from vq.synthetic import ffmpeg, tones
from vq.synthetic.tones import Tone
from vq.words import count

SMALLEST_PX = 216
"""Of the longer side: CAMBI has no value below."""
_SMALL_PX = 72
"""Height of the picture that motion is compared on: noise and codecs hardly show in it."""
_GRID = 8
"""Pixels of the small picture to a side of the blocks that a tone curve is fitted on."""
_MODELS = "version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=vmaf_neg"
_FEATURES = "name=psnr|name=float_ssim|name=cambi\\:full_ref=true"
_FIELDS = {
    "vmaf": "vmaf",
    "vmaf_neg": "vmaf_neg",
    "psnr": "psnr_y",
    "psnr_cb": "psnr_cb",
    "psnr_cr": "psnr_cr",
    "ssim": "float_ssim",
    "cambi": "cambi",
    "cambi_reference": "cambi_source",
}

Series = Float64[np.ndarray, " time"]


@dataclass(frozen=True)
class Measures:
    """One damaged copy against its original; one value a frame, in order of display."""

    fps: float
    """Of the reference."""
    vmaf: Series
    """v0.6.1, 0 to 100."""
    vmaf_neg: Series
    """v0.6.1neg, 0 to 100."""
    psnr: Series
    """Of luma, dB; at most 60 for 8 bits, where nothing differs."""
    psnr_cb: Series
    psnr_cr: Series
    ssim: Series
    cambi: Series
    """Banding of the copy, from 0; from about 5 on it annoys."""
    cambi_reference: Series
    """The same of the reference."""
    motion: Series
    """Mean absolute luma difference of the reference to its frame before, of a picture of 72 lines;
    the first is 0."""
    motion_copy: Series
    """The same of the copy, its exposure undone as far as a mean can."""
    luma: Float64[np.ndarray, "time block"]
    """Of the reference, means of blocks of a small picture, 16 to 235."""
    luma_copy: Float64[np.ndarray, "time block"]
    """The same of the copy."""
    chroma: Float64[np.ndarray, "time 2"]
    """Mean Cb and Cr of the reference, 128 for grey."""
    chroma_copy: Float64[np.ndarray, "time 2"]
    """The same of the copy."""
    tone: Tone
    """From the luma of the reference to that of the copy, one for all frames."""

    @property
    def means(self) -> dict[str, float]:
        """The mean of each series by its name."""
        return {name: float(getattr(self, name).mean()) for name in (*_FIELDS, "motion")}


def measure(reference: Path, copy: Path, *, exposure_apart: bool = True) -> Measures:
    """Compare a copy with its original, frame number by frame number.

    Both are converted to 8 bits 4:2:0 in limited range; presentation times and rotation are left
    out of account.

    Args:
        reference: the original.
        copy: as many frames, of the same size or smaller; a smaller one is scaled up to the
            reference first (bicubic), as a player in full screen does.
        exposure_apart: whether libvmaf sees the reference through the tone curve; if not, it gives
            what everybody calls VMAF, PSNR and SSIM, and `tone` is the identity.

    Raises:
        VideoError: one of them cannot be read, they differ in number of frames or shape, the copy
            is larger, or no side of the reference has 216 pixels; names the copy or file.
        FfmpegError: there is no FFmpeg with libvmaf, or it failed.
    """
    ffmpeg.binary()  # before any work
    size, fps = _sizes(reference, copy)
    look = _look(reference, copy)
    tone = tones.fit(look["luma"], look["luma_copy"]) if exposure_apart else Tone()
    rows = _libvmaf(reference, copy, size, tone)
    decoded = len(look["motion"])
    if len(rows) != decoded:
        raise VideoError(
            copy, f"FFmpeg compared {count(len(rows), 'frame')}, {decoded} were decoded"
        )
    # A darker copy moves by fewer grey levels.
    look["motion_copy"] = look["motion_copy"] / max(tone.contrast(look["luma"]), 0.05)
    return Measures(fps=fps, tone=tone, **series(rows, copy), **look)


def series(rows: Sequence[Mapping[str, float | None]], copy: Path) -> dict[str, Series]:
    """Numbers of each frame, by field of `Measures`, of the rows that libvmaf writes.

    Raises:
        VideoError: a number is missing, or is none (libvmaf writes null for nan).
    """
    numbers = {
        name: np.array([row.get(key) for row in rows], np.float64) for name, key in _FIELDS.items()
    }
    for name, values in numbers.items():
        if np.isnan(values).any():
            frame = int(np.flatnonzero(np.isnan(values))[0])
            raise VideoError(copy, f"FFmpeg gives no {_FIELDS[name]} for frame {frame}")
    return numbers


def _look(reference: Path, copy: Path) -> dict[str, np.ndarray]:
    """What one decode of both tells, by field of `Measures`; the copy's motion as it is."""
    motion: list[list[float]] = []
    blocks: list[list[np.ndarray]] = []
    chroma: list[list[np.ndarray]] = []
    before: tuple[np.ndarray, np.ndarray] | None = None
    count = 0
    for count, (true, seen) in enumerate(zip_longest(_small(reference), _small(copy)), 1):
        if true is None or seen is None:
            more, less = (copy, reference) if true is None else (reference, copy)
            raise VideoError(
                copy,
                f"has another number of frames than {reference}: {less} ends at {count - 1},"
                f" {more} does not; compare files with the same frames",
            )
        now = true[0], seen[0]
        motion.append(
            [float(np.abs(a - b).mean()) for a, b in zip(now, before or now, strict=True)]
        )
        blocks.append([_blocks(plane) for plane in now])
        chroma.append([true[1], seen[1]])
        before = now
    if not count:
        raise VideoError(copy, "has no frame")
    sides = {"motion": np.array(motion), "luma": np.array(blocks), "chroma": np.array(chroma)}
    return {
        f"{name}{end}": values[:, side]
        for name, values in sides.items()
        for side, end in enumerate(("", "_copy"))
    }


def _small(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Small luma of each frame, and its mean chroma."""
    try:
        with av.open(str(path), "r") as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                width = max(round(_SMALL_PX * frame.width / frame.height), 1)
                small = frame.reformat(
                    width=width + width % 2,
                    height=_SMALL_PX,
                    format="yuv420p",
                    interpolation="AREA",
                    dst_color_range="MPEG",
                )
                luma, cb, cr = (_plane(small, i) for i in range(3))
                yield luma, np.array([cb.mean(), cr.mean()], float)
    except (av.FFmpegError, IndexError) as error:
        raise VideoError(path, f"cannot be decoded: {error}") from error


def _plane(frame: av.VideoFrame, number: int) -> np.ndarray:
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width].astype(np.float32)


def _blocks(luma: np.ndarray) -> np.ndarray:
    height, width = (side // _GRID for side in luma.shape)
    cut = luma[: height * _GRID, : width * _GRID]
    return cut.reshape(height, _GRID, width, _GRID).mean(axis=(1, 3)).ravel().astype(float)


def _sizes(reference: Path, copy: Path) -> tuple[tuple[int, int], float]:
    """Width and height to compare at, and the rate of the reference."""
    (width, height, fps), (seen_width, seen_height, _) = _size(reference), _size(copy)
    if max(width, height) < SMALLEST_PX:
        raise VideoError(
            reference, f"is {width}x{height}; CAMBI needs {SMALLEST_PX} pixels on the longer side"
        )
    if seen_width > width or seen_height > height:
        raise VideoError(
            copy,
            f"is {seen_width}x{seen_height}, larger than its reference {reference} "
            f"({width}x{height}); compare at the larger size: scale the reference up",
        )
    # A pixel of rounding on a side is no other shape.
    if abs(seen_width - seen_height * width / height) > 2 + 2 * width / height:
        raise VideoError(
            copy,
            f"is {seen_width}x{seen_height}, another shape than its reference {reference} "
            f"({width}x{height}); crop or pad one of them",
        )
    return (width, height), fps


def _size(path: Path) -> tuple[int, int, float]:
    try:
        with av.open(str(path), "r") as container:
            if not container.streams.video:
                raise VideoError(path, "has no video stream")
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate or 25
            return stream.width, stream.height, float(rate)
    except (av.FFmpegError, OSError) as error:
        raise VideoError(path, f"cannot be opened: {error}") from error


def _libvmaf(
    reference: Path, copy: Path, size: tuple[int, int], tone: Tone
) -> list[dict[str, float]]:
    # By frame number: the times of two files may differ, their frames do not.
    pair = "settb=1/1000,setpts=N"
    scale = f"scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int"
    plain = f"{scale}:out_range=tv,format=yuv420p"
    curve = "" if tone.identity else f",lutyuv=y='{tone.expression}'"
    graph = (
        f"[0:v:0]{plain},{pair}[copy];[1:v:0]{plain}{curve},{pair}[true];[copy][true]"
        f"libvmaf=model='{_MODELS}':feature='{_FEATURES}':n_threads=1:"
        # A name without a folder: nothing in a path has to be quoted for a filter.
        "log_fmt=json:log_path=log.json"
    )
    inputs: list[str] = []
    for path in (copy, reference):
        inputs += ["-noautorotate", "-threads", "1", "-i", f"file:{path.resolve()}"]
    passed = ["-fps_mode", "passthrough", "-enc_time_base:v", "filter", "-f", "null", "-"]
    with tempfile.TemporaryDirectory(prefix="vq-vmaf-") as scratch:
        ffmpeg.run([*inputs, "-lavfi", graph, *passed], folder=Path(scratch))
        log = json.loads((Path(scratch) / "log.json").read_text())
    return [frame["metrics"] for frame in log["frames"]]
