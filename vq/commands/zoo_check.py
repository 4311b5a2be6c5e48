"""One expert, tried on one video: what it says, what it costs, what is wrong with it."""

import difflib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vq import params
from vq.errors import ParamsError, WeightsError
from vq.params import Expert as Spec
from vq.video import frame_sampling
from vq.video.decode import decode
from vq.words import count
from vq.zoo import catalog, plugins
from vq.zoo.expert import CLIP_FRAMES, Expert
from vq.zoo.extract_features import one_thread
from vq.zoo.runtime import network_of

REPEATS = 3
LARGEST = {kind: float(np.finfo(kind).max) for kind in ("float16", "float32")}
SMALLEST = float(np.finfo(np.float16).tiny)
"""Below it, half precision has fewer digits."""


@dataclass(frozen=True)
class Sampling:
    """How an expert is shown a video, and what runs it."""

    moments: int = catalog.MOMENTS
    clip_frames: int = CLIP_FRAMES
    runtime: params.Runtime = "onnx"


@dataclass(frozen=True)
class CheckResult:
    """The result of a trial of an expert."""

    facts: Mapping[str, object]
    """What it is, in order, for people and machines."""
    wrong: tuple[str, ...]
    """A sentence for each fault; none if it may be used."""


def lookup(name: str, file: Path | None) -> tuple[Spec, Sampling]:
    """Settings of an expert by its name: those of params, else of the catalog.

    `name` is under extract.experts of `file`, which is params.yaml, or of the catalog.

    Raises:
        ParamsError: neither has this name (the message offers the nearest), or params are wrong.
    """
    extract = None if file is None else params.load(file).extract
    sampling = Sampling()
    if extract is not None:
        sampling = Sampling(extract.moments, extract.clip_frames, extract.runtime)
    experts = {} if extract is None else extract.experts
    if name in experts:
        return experts[name], sampling
    names = [*experts, *catalog.CATALOG, *plugins.discover()]
    if name not in names:
        suggestions = difflib.get_close_matches(name, names) or list(experts) or names[:6]
        raise ParamsError(
            f"no expert is called {name!r}; did you mean {', '.join(dict.fromkeys(suggestions))}? "
            "(`vq zoo` lists the catalog, params.yaml has yours under extract.experts)"
        )
    return Spec(), sampling


def check(expert: Expert, video: Path, sampling: Sampling) -> CheckResult:
    """Describe a video several times over.

    Raises:
        VideoError: the file is no video.
        ParamsError: there is no GPU to run on.
        WeightsError: its network cannot be exported.
        VqError: the expert, of another package, fails.
    """
    if network := network_of(expert):
        network.use(sampling.runtime)
    clips = _clips(expert, video, sampling)
    with one_thread():
        try:
            first = _describe(expert, clips)  # exports the network, where there is one
        except WeightsError as error:
            raise WeightsError(
                f"extract.experts.{expert.name}: {error}; set extract.runtime to torch"
            ) from error
        rows, seconds = zip(*(_timed(expert, clips) for _ in range(REPEATS)), strict=True)
    facts = {
        "catalog": expert.catalog,
        "sees": _sight(expert, clips),
        "feature": f"{count(first.shape[0], 'row')} of {first.shape[1]}, kept as {expert.dtype}",
        "same bits again": all(np.array_equal(first, again, equal_nan=True) for again in rows),
        "finite": bool(np.isfinite(first).all()),
        "parameters": expert.parameters,
        "gmacs a video": round(expert.gmacs * sampling.moments, 3),
        "ms a video": round(1000 * min(seconds), 1),
        "largest value": float(f"{_peak(first):.4g}"),
        "largest kept": float(f"{LARGEST[expert.dtype]:.6g}"),
        **expert.tags.as_dict(),
    }
    return CheckResult(facts, tuple(_faults(expert, first, facts)))


@contextmanager
def short_video() -> Iterator[Path]:
    """Film a scene of one second, and encode it."""
    from vq.synthetic.demo import encode, scenes

    frames = scenes.random_scene(np.random.default_rng(0), frames=25, width=320, height=240)
    with tempfile.TemporaryDirectory(prefix="vq-check-") as folder:
        path = Path(folder) / "generated.mp4"
        encode.write(frames, path, codec="h264", crf=23, fps=25)
        yield path


def _clips(expert: Expert, video: Path, sampling: Sampling) -> list[np.ndarray]:
    """Frames one by one for an image expert, clip by clip for the other kind."""

    def frame_numbers(frame_count: int) -> list[list[int]]:
        if expert.kind == "image":
            return frame_sampling.moments(frame_count, moments=sampling.moments)[:, None].tolist()
        clips = frame_sampling.clips(
            frame_count, moments=sampling.moments, frames=sampling.clip_frames
        )
        return clips.tolist()

    decoded = decode(video, lambda count: {n for clip in frame_numbers(count) for n in clip})
    clips = frame_numbers(decoded.frame_count)
    return [np.stack([decoded.pixels[number] for number in clip]) for clip in clips]


def _sight(expert: Expert, clips: Sequence[np.ndarray]) -> str:
    frames, height, width = clips[0].shape[:3]
    one = "frame" if expert.kind == "image" else "clip"
    of = "" if expert.kind == "image" else f" of {count(frames, 'frame')}"
    return f"{count(len(clips), one)}{of}, {width} x {height} px"


def _describe(expert: Expert, clips: Sequence[np.ndarray]) -> Float[np.ndarray, "rows dim"]:
    return np.concatenate([expert.describe(clip) for clip in clips])


def _timed(expert: Expert, clips: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    started = time.perf_counter()
    rows = _describe(expert, clips)
    return rows, time.perf_counter() - started


def _faults(
    expert: Expert, rows: Float[np.ndarray, "rows dim"], facts: Mapping[str, object]
) -> Iterator[str]:
    if rows.shape[1] != expert.dim:
        yield f"says that it has {expert.dim} numbers a row, and gives {rows.shape[1]}"
    if not facts["finite"]:
        wrong = int(np.count_nonzero(~np.isfinite(rows)))
        of = count(rows.size, "number")
        yield f"{wrong} of {of} are not finite; extraction would refuse the video"
        return
    if not facts["same bits again"]:
        yield "says something else of the same pixels each time; a cache would keep one of them"
    peak = _peak(rows)
    largest = LARGEST[expert.dtype]
    if peak > largest:
        yield f"{peak:.3g} is beyond {largest:.0f}, the largest number of {expert.dtype}"
    if expert.dtype == "float16" and peak < SMALLEST:
        yield f"all numbers are below {SMALLEST:.1e}, which float16 keeps badly"
    if len(rows) > 1 and (rows == rows[0]).all():
        yield "says the same of every frame or clip of this video"


def _peak(rows: Float[np.ndarray, "rows dim"]) -> float:
    finite = rows[np.isfinite(rows)]
    return float(np.abs(finite).max()) if finite.size else 0.0
