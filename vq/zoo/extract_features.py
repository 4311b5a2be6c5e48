"""Features of a video in a worker process: it is decoded once, for all that the cache lacks."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float, Shaped, UInt8
from safetensors.numpy import save

from vq.errors import VideoError, VqError
from vq.video import frame_sampling, views
from vq.video.bounded import Bounded
from vq.video.convert import Converter
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets
from vq.video.probe import sha256
from vq.workers.limits import LimitError
from vq.workers.protocol import Handler, Message
from vq.zoo.expert import Expert
from vq.zoo.extract import create_one
from vq.zoo.task import VIEWS, Plan, Video

HALF = float(np.finfo(np.float16).max)


def prepare(planned: Plan, names: Sequence[str], exported: Mapping[str, Expert]) -> Handler:
    """Build what was not sent: experts that are no networks, or run torch themselves."""
    experts = {
        name: exported[name]
        if name in exported
        else create_one(name, planned.settings, weights=planned.weights)
        for name in names
    }

    def work(request: tuple[Video, Sequence[str]]) -> Iterator[Message]:
        try:
            with one_thread():
                arrays = extract_features(*request, experts, planned)
        except VideoError as error:
            yield Message({"failed": error.reason})
        except LimitError as error:
            yield Message({"failed": str(error)})
        except VqError as error:  # it is not the video's fault, and concerns all of them
            yield Message({"stop": str(error)})
        else:
            yield Message({}, save({name: np.ascontiguousarray(a) for name, a in arrays.items()}))

    return Handler(work)


def extract_features(
    video: Video, missing: Sequence[str], experts: Mapping[str, Expert], planned: Plan
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Decode a video once and compute all that is missing of it.

    Returns:
        For each expert "time dim", one row for each frame or clip; the views under `VIEWS`.

    Raises:
        VideoError: the file has changed, or does not decode; or a feature is not finite.
        LimitError: its frames are too large, or too many.
        VqError: the file cannot be read.
    """
    _check(video)
    wanted = [name for name in missing if name != VIEWS]
    if not wanted:
        spec = Bounded.of(planned.views, planned.limits)
        return {VIEWS: views.look(video.path, spec).views}
    kinds = [experts[name].kind for name in wanted] + [VIEWS] * (VIEWS in missing)

    places: list[tuple[str, list[int]]] = []

    def choose(frame_count: int, promised: Packets | None) -> list[list[int]]:
        planned.limits.allow_frames(frame_count)
        places[:] = glimpses(sorted(set(kinds)), frame_count, promised, planned)
        return [numbers for _, numbers in places]

    def look(place: int, decoded: Decoded) -> dict[str, np.ndarray]:
        kind, numbers = places[place]
        if kind == VIEWS:
            return {VIEWS: planned.views.view(*(decoded.pixels[n] for n in numbers))[None]}
        pixels = np.stack([decoded.pixels[number] for number in numbers])
        return {
            name: experts[name].describe(pixels) for name in wanted if experts[name].kind == kind
        }

    def see(convert: Converter, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        planned.limits.allow_picture(*convert.size)
        return convert.rgb(frame)

    # Frame by frame and clip by clip, as they are decoded: a few frames of 4K are a gigabyte.
    seen = in_groups(video.path, choose, look, see=see)
    arrays = {
        name: np.concatenate([part[name] for part in seen if name in part]) for name in missing
    }
    return {
        name: rows if name == VIEWS else _kept(experts[name], rows, video.path)
        for name, rows in arrays.items()
    }


def glimpses(
    kinds: Sequence[str], frame_count: int, promised: Packets | None, planned: Plan
) -> list[tuple[str, list[int]]]:
    """What is looked at together: a frame, a clip, a view's pair; in the order of their ends."""
    settings, moments = planned.settings, planned.settings.moments
    numbers = {
        "image": frame_sampling.moments(frame_count, moments=moments)[:, None].tolist(),
        "clip": frame_sampling.clips(
            frame_count, moments=moments, frames=settings.clip_frames
        ).tolist(),
        VIEWS: [list(pair) for pair in planned.views.pairs(frame_count, promised)],
    }
    return sorted(
        ((kind, together) for kind in kinds for together in numbers[kind]),
        key=lambda glimpse: max(glimpse[1]),
    )


def _check(video: Video) -> None:
    """Refuse a file that has changed: its features would be cached under the hash of another."""
    try:
        digest = sha256(video.path)
    except OSError as error:
        # No fault of the file's: a share that was away for a minute must not cost its videos.
        raise VqError(
            f"{video.path}: cannot be read ({error.strerror}); put it back, "
            "or run `vq import` again"
        ) from error
    if digest != video.sha256:
        raise VideoError(video.path, "has changed since the import; run `vq import` again")


def _kept(
    expert: Expert, rows: Float[np.ndarray, "time dim"], path: Path
) -> Float[np.ndarray, "time dim"]:
    """Rows as they go into the cache."""
    if not np.isfinite(rows).all():
        raise VideoError(path, f"{expert.name} says something that is not a finite number")
    # Half precision ends at 65504: beyond it a feature says no more than that it is large.
    return (rows.clip(-HALF, HALF) if expert.dtype == "float16" else rows).astype(expert.dtype)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, if it is loaded, use one thread: the order of sums depends on their number."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
