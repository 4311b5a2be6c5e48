"""What runs in a worker process: the whole job of scoring a video."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vq.score import runtime
from vq.workers.job import Ready, Said
from vq.workers.limits import Limits


def prepare(folder: Path, threads: int, limits: Limits) -> Ready:
    """Load the model.

    Raises:
        VqError: it cannot be loaded.
    """
    model = runtime.load(folder, threads=threads, limits=limits)
    card = model.card
    greeting = {
        "model": card.model_id,
        "scale": card.meaning,
        "levels": len(card.values),
        "opinion": card.opinion,
        "modes": list(card.modes),
        "values": card.values,
        "least": card.scale.min,
        "most": card.scale.max,
        "better": card.better,
        "coverage": card.interval and card.interval.coverage,
    }
    return Ready(lambda asked: _answer(model, asked), greeting)


def _answer(model: runtime.Model, asked: Mapping[str, Any]) -> Iterator[Said]:
    """The row, then what was asked for beside it: whatever that costs, the score is not lost."""
    row = model.score(asked["video"], **asked["closely"])
    yield Said({"row": asdict(row)})
    if not row.mode:
        return
    # Each is imported by those who ask for it.
    if asked["extras"]["timeline"]:
        from vq.score.timeline import measure

        yield Said({"timeline": measure(model, Path(asked["video"])).as_mapping()})
    if asked["extras"]["plan"]:
        from vq.score.decoding import explain

        yield Said({"plan": asdict(explain(Path(asked["video"]), model.spec, mode=row.mode))})
