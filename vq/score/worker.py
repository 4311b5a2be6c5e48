"""What runs in a worker process: the whole job of scoring a video, one after the other.

Started by `vq.score.process`, with its settings as JSON in its only argument. Requests and answers
are lines of JSON on standard input and output: whoever takes over a decoder by means of a file
cannot make the caller run code, as a pickle could.
"""

import json
import logging
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from vq.errors import VqError
from vq.score import runtime
from vq.score.limits import Limits
from vq.score.modes import Mode
from vq.score.rows import Row

log = logging.getLogger(__name__)


def main(settings: dict[str, Any]) -> None:
    """Load the model, then answer requests until the caller is gone."""
    replies = _take_stdout()
    # A crash of a large program leaves a large file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limits = Limits(**settings["limits"])
    try:
        model = runtime.load(Path(settings["folder"]), threads=settings["threads"], limits=limits)
    except VqError as error:
        _tell(replies, {"kind": type(error).__name__, "error": str(error)})
        return
    card = model.card
    _tell(
        replies,
        {
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
        },
    )
    for request in sys.stdin.buffer:
        # The caller ends what takes too long; if it was killed, this does, even inside a decoder.
        signal.setitimer(signal.ITIMER_REAL, min(2 * limits.seconds, 1e9))
        asked = json.loads(request)
        answer = _row(model, asked["video"], asked["closely"])
        extras = asked["extras"] if answer["row"]["status"] == "ok" else {}
        more = any(extras.values())
        # The row comes first: whatever the rest costs, the score is not lost.
        _tell(replies, answer | {"more": more})
        if more:
            answer = _extras(model, Path(asked["video"]), answer["row"]["mode"], extras)
            _tell(replies, answer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if answer.get("last"):
            return


def _row(model: runtime.Model, video: str, closely: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"row": asdict(model.score(video, **closely))}
    except Exception as error:  # a bug costs its video, and shows in the row
        log.debug("%s", video, exc_info=True)
        row = Row(video, "crashed", f"{type(error).__name__}: {error}")
        # Who knows what state it left behind: a fresh process takes the next video.
        return {"row": asdict(row), "last": True}


def _extras(
    model: runtime.Model, video: Path, mode: Mode, extras: dict[str, bool]
) -> dict[str, Any]:
    """What was asked for beside the row; each is imported by those who ask for it."""
    answer: dict[str, Any] = {}
    try:
        if extras["timeline"]:
            from vq.score.timeline import measure

            answer["timeline"] = measure(model, video).as_mapping()
        if extras["plan"]:
            from vq.score.decoding import explain

            answer["plan"] = asdict(explain(video, model.spec, mode=mode))
    except Exception as error:  # it costs what was asked for beside the score, and says so
        log.debug("%s", video, exc_info=True)
        return {"lost": f"{type(error).__name__}: {error}", "last": True}
    return answer


def _take_stdout() -> IO[bytes]:
    """The caller's pipe; whatever a library prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return replies


def _tell(replies: IO[bytes], answer: dict[str, Any]) -> None:
    data = memoryview(json.dumps(answer).encode() + b"\n")
    try:
        while data:  # a pipe takes as much as it has room for
            data = data[replies.write(data) :]
    except BrokenPipeError:
        sys.exit(0)  # nobody waits for it any more


if __name__ == "__main__":
    logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("vq").setLevel(logging.INFO)
    main(json.loads(sys.argv[1]))
