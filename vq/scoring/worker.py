"""What runs in a worker process: `vq.inference.runtime` scores the videos that it is sent."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vq.inference import runtime
from vq.scoring import remote
from vq.workers.limits import Limits
from vq.workers.protocol import Handler, Message


def prepare(folder: Path, threads: int, limits: Limits, feature: bool, causes: bool) -> Handler:
    """Load the model; rows have the second `feature` and `causes` only if they are wanted.

    Raises:
        VqError: it cannot be loaded.
    """
    say = _causes() if causes else None
    model = runtime.load(folder, threads=threads, limits=limits, feature=feature, causes=say)
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
        "least_error": card.sure and card.sure.least_error,
        "reference": card.reference and card.reference.name,
    }
    return Handler(lambda request: _fetch_and_answer(model, limits, request), greeting)


def _causes() -> runtime.Causes:
    # Imported only on request: nobody else pays for it.
    from vq.causes import model

    return model.of


def _fetch_and_answer(
    model: runtime.Model, limits: Limits, request: Mapping[str, Any]
) -> Iterator[Message]:
    """As `_answer`; a URL is downloaded first, and the copy removed at the end."""
    if not request["scratch"]:
        yield from _answer(model, Path(request["video"]), request)
        return
    # Named by process: the parent removes what a dead process left.
    path = Path(request["scratch"], str(os.getpid()))
    try:
        failed = remote.fetch(request["video"], path, limits)
        yield from [Message({"row": asdict(failed)})] if failed else _answer(model, path, request)
    finally:
        path.unlink(missing_ok=True)


def _spans(model: runtime.Model, path: Path) -> dict[str, Any]:
    """When each cause is seen; nothing where nobody asks for causes."""
    if model.causes is None:
        return {}
    from vq.causes import spans
    from vq.scoring.timeline import rate_of, seconds_of

    rate = rate_of(path)
    return {"causes": [asdict(one) for one in spans.measure(path, lambda n: seconds_of(n, rate))]}


def _answer(model: runtime.Model, path: Path, request: Mapping[str, Any]) -> Iterator[Message]:
    """The row first, then the extras: if those fail, the score is not lost."""
    only = request.get("only")
    if only == "picture":
        from vq.report.thumbnail import middle_frame

        yield Message({"picture": middle_frame(path)})
    elif only == "probe":
        yield _probed(path)
    if only:
        return
    row = model.score(path, **request["closely"])
    yield Message({"row": asdict(row)})
    if row.status != "ok":
        return
    # First: it costs nothing, and a policy must not miss it where the others fail.
    if request["extras"]["probe"]:
        yield _probed(path)
    # Imported only on request: both are heavy.
    if request["extras"]["timeline"]:
        from vq.scoring.timeline import measure

        yield Message({"timeline": measure(model, path).as_mapping() | _spans(model, path)})
    if request["extras"]["plan"]:
        from vq.scoring.decode_summary import explain

        yield Message({"plan": asdict(explain(path, model.spec, mode=row.mode or "exact"))})


def _probed(path: Path) -> Message:
    from vq.scoring.packet_probe import probe

    return Message({"probe": asdict(probe(path))})
