"""A Chromium that does what it is told, by its DevTools protocol."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--remote-debugging-port=0"
)
SECONDS = 60


class Tab:
    """One page; what it writes to its console, and whatever goes wrong in it, is kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._session = ""
        self.console: list[str] = []
        self.asked: list[str] = []
        """Addresses that it asked for."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "DOM", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401
        """Ask for something, and wait for it."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        self._connection.send(json.dumps(asked))
        while True:
            told = json.loads(self._connection.recv(timeout=SECONDS))
            self._note(told)
            if told.get("id") == self._number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                return told["result"]

    def ask(self, expression: str) -> Any:  # noqa: ANN401
        """The value of an expression in the page."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"]["exception"]["description"])
        return told["result"].get("value")

    def until(self, expression: str) -> Any:  # noqa: ANN401
        """Wait until an expression in the page is true."""
        end = time.monotonic() + SECONDS
        while not (value := self.ask(expression)):
            if time.monotonic() > end:
                text = self.ask("document.body.innerText")
                raise TimeoutError(f"{expression}\n{text}\n{self.console}")
            time.sleep(0.05)
        return value

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files, as in the dialogue of a file input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=list(map(str, files)))

    def look(self, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Give the page a size and a scheme of colours."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Write a PNG of the whole page."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))

    def _note(self, told: dict[str, Any]) -> None:
        params = told.get("params", {})
        if told.get("method") == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif told.get("method") == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        elif told.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.console.append(json.dumps(params))


@contextmanager
def browsing(home: Path) -> Iterator[Tab]:
    """A browser with one tab, whose profile lies in a folder."""
    process = subprocess.Popen(
        [str(CHROMIUM), *FLAGS.split(), f"--user-data-dir={home}"],
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        said = ""
        while not (found := re.search(r"DevTools listening on (ws://\S+)", said)):
            line = process.stderr.readline() if process.stderr else ""
            if not line:
                raise RuntimeError(f"Chromium did not start: {said}")
            said += line
        with connect(found[1], max_size=None) as connection:
            yield Tab(connection)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
