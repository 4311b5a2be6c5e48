"""What runs in a worker process: requests are answered, one after the other.

Started by `vq.workers.worker_process`. Requests come as pickles on standard input. Answers go
out to standard output, as lines of JSON, some with bytes after them: a file that takes over a
decoder cannot make the caller run code, as a pickle could.
"""

import importlib
import json
import logging
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from typing import IO, Any

from vq.errors import VqError
from vq.workers.protocol import Handler, Job

log = logging.getLogger(__name__)


def main() -> None:
    """Make ready, then answer requests until the caller is gone."""
    replies = _take_stdout()
    requests = sys.stdin.buffer
    # A crash of a large program leaves a large file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job, seconds = pickle.load(requests)
    try:
        ready = _find(job)(*job.arguments)
    except VqError as error:
        _send(replies, {"kind": type(error).__name__, "error": str(error)})
        return
    _send(replies, {"greeting": dict(ready.greeting)})
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        # The caller ends what takes too long; if it was killed, this does, even inside a decoder.
        signal.setitimer(signal.ITIMER_REAL, min(2 * seconds, 1e9))
        fault = _answer(replies, ready, request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(replies, {"done": True, "fault": fault})
        if fault:  # who knows what state it left behind: a fresh process takes the next one
            return


def _find(job: Job) -> Callable[..., Handler]:
    module, _, function = job.target.partition(":")
    return getattr(importlib.import_module(module), function)


def _answer(replies: IO[bytes], ready: Handler, request: Any) -> str:  # noqa: ANN401
    try:
        for message in ready.work(request):
            _send(replies, {"told": dict(message.fields), "bytes": len(message.data)}, message.data)
    except Exception as error:  # a bug costs what it was met at, and shows
        log.debug("%s", request, exc_info=True)
        return f"{type(error).__name__}: {error}"
    return ""


def _take_stdout() -> IO[bytes]:
    """The caller's pipe; whatever a library prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return replies


def _send(replies: IO[bytes], head: dict[str, Any], data: bytes = b"") -> None:
    for part in (json.dumps(head).encode() + b"\n", data):
        left = memoryview(part)
        try:
            while left:  # a pipe takes as much as it has room for
                left = left[replies.write(left) :]
        except BrokenPipeError:
            sys.exit(0)  # nobody waits for it any more


if __name__ == "__main__":
    logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("vq").setLevel(logging.INFO)
    main()
