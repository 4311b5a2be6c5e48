"""What runs in a worker process: it scores copies, and shows what is compared of them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vq.best.clock import Clock
from vq.best.copy import MOST_FRAMES
from vq.best.look import look
from vq.errors import VideoError
from vq.inference import runtime
from vq.inference.row import Row
from vq.video import fingerprint, stream
from vq.video.probe import survey
from vq.workers.limits import LimitError, Limits
from vq.workers.protocol import Handler, Message

LEAST_FPS = 1e-3
"""Of a picture that stays, whose rate is not known."""


def prepare(folder: Path, threads: int, limits: Limits) -> Handler:
    """Load the model.

    Raises:
        VqError: it cannot be loaded.
    """
    model = runtime.load(folder, threads=threads, limits=limits)

    def work(request: Mapping[str, Any]) -> Iterator[Message]:
        path = Path(request["video"])
        if "numbers" in request:
            return _look(path, request)
        return _survey(model, path, limits)

    greeting = {
        "model": model.card.model_id,
        "better": model.card.better,
        "least": model.card.scale.min,
        "most": model.card.scale.max,
        "opinion": model.card.opinion,
    }
    return Handler(work, greeting)


def _survey(model: runtime.Model, path: Path, limits: Limits) -> Iterator[Message]:
    """The row; of a video that has a score also the facts, the fingerprint and the thumbnails."""
    row = model.score(path)
    if row.status != "ok":
        yield Message({"row": asdict(row)})
        return
    try:
        probe, frames, times = survey(path, limits=limits)
        prints = fingerprint.take(frames, probe.duration_s)
        bits = 8 * _stream_bytes(path)
    except VideoError as error:
        failed = Row(video=row.video, status="unreadable", reason=error.reason)
        yield Message({"row": asdict(failed)})
        return
    except LimitError as error:
        failed = Row(video=row.video, status="too_large", reason=str(error))
        yield Message({"row": asdict(failed)})
        return
    yield Message({"row": asdict(row)})
    header, data = fingerprint.pack(prints)
    facts = {"probe": asdict(probe), "bits": bits, "bytes": path.stat().st_size}
    yield Message({**facts, "hashes": header}, data)
    small = np.stack(frames[:MOST_FRAMES])
    clock = Clock.of(max(probe.fps, LEAST_FPS), np.array(times[:MOST_FRAMES]))
    uneven = None if clock.times is None else clock.times.tolist()
    yield Message({"shape": list(small.shape), "fps": clock.fps, "times": uneven}, small.tobytes())


def _stream_bytes(path: Path) -> int:
    with stream.opened(path, blind=True) as (container, opened):
        return sum(packet.size for packet in stream.packets(path, container, opened))


def _look(path: Path, request: Mapping[str, Any]) -> Iterator[Message]:
    try:
        one = look(
            path,
            request["numbers"],
            size=tuple(request["size"]),
            mirrored=request["mirrored"],
        )
    except VideoError as error:
        yield Message({"problem": error.reason})
        return
    fields = {"spectrum": one.spectrum.astype(float).tolist()}
    yield Message({**fields, "shape": list(one.patches.shape)}, one.patches.tobytes())
