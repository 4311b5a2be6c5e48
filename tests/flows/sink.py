"""A webhook on this machine that keeps what it is sent."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.flows.server import Prefect
from tests.workspace import ROOT

AUTOMATIONS = ROOT / "docs" / "automations"
BLOCK = (
    "from prefect.blocks.webhook import Webhook; "
    "print(Webhook(url='{url}', headers={{'Content-Type': 'application/json'}})"
    ".save('vq', overwrite=True))"
)
"""As docs/operate.md makes one."""
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Sink:
    """A running webhook."""

    url: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The body of each call, the earliest first."""

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The calls, once there are so many; the test fails if they do not come."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.calls) < count:
            if time.monotonic() > deadline:
                pytest.fail(f"{len(self.calls)} of {count} calls came: {self.calls}")
            time.sleep(0.1)
        return self.calls


@contextmanager
def automated(prefect: Prefect, folder: Path) -> Iterator[Sink]:
    """A webhook that the automations of docs/automations call."""
    with sink() as webhook:
        block = prefect.say(folder, "python", "-c", BLOCK.format(url=webhook.url)).split()[-1]
        text = (AUTOMATIONS / "webhook.yaml").read_text().replace("BLOCK", block)
        (folder / "automations.yaml").write_text(text)
        prefect.say(folder, "prefect", "automation", "create", "--from-file", "automations.yaml")
        yield webhook


@contextmanager
def sink() -> Iterator[Sink]:
    """A webhook that takes JSON at a free port."""
    calls: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: calls are kept."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Sink(f"http://127.0.0.1:{server.server_port}", calls)
    finally:
        server.shutdown()
        server.server_close()
