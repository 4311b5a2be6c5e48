"""Numbers for Prometheus."""

import time
from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vq.causes.vocabulary import CAUSES
from vq.inference.row import likely
from vq.serving.queue import ScoringQueue

SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
"""Upper ends of the classes of a histogram."""
GONE = 499
"""In place of the code of an answer whose client left before it; nginx says so, too."""


class Metrics:
    """What happened since the service started."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, queue: ScoringQueue) -> None:
        # Our own: the global one holds whatever else runs in this process.
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "vq_requests", "Answers, by path and code.", ["path", "code"], registry=registry
        )
        self.request_seconds = Histogram(
            "vq_request_seconds",
            "Wall time of a request that got a row: upload, wait and work.",
            buckets=SECONDS,
            registry=registry,
        )
        self.videos = Counter(
            "vq_videos", "Rows, by status and mode.", ["status", "mode"], registry=registry
        )
        self.causes = Counter(
            "vq_causes",
            "Rows with causes, by the likeliest of them; none where no cause is likely.",
            ["cause"],
            registry=registry,
        )
        self.score_seconds = Histogram(
            "vq_score_seconds",
            "Wall time of a row, as the row says.",
            buckets=SECONDS,
            registry=registry,
        )
        self.upload_bytes = Counter("vq_upload_bytes", "Bytes of videos.", registry=registry)
        self._gauge("vq_at_work", "Videos that are scored now.", lambda: queue.at_work)
        self._gauge(
            "vq_waiting",
            "Videos that are uploaded or wait for a worker now.",
            lambda: max(0, queue.inside - queue.at_work),
        )
        self._gauge("vq_places", "Most videos at a time; beyond, 503.", lambda: queue.places)
        self._gauge("vq_workers", "Worker processes now.", lambda: len(queue.pids))
        Gauge("vq_model", "The model at work.", ["model"], registry=registry).labels(
            queue.greeting.model
        ).set(1)

    def count_cause(self, causes: Mapping[str, float]) -> None:
        """Count the likeliest cause of a row; nothing for a row without causes."""
        if causes:
            first = next(iter(likely(causes)), "none")
            # A worker that was taken over makes no new series.
            self.causes.labels(first if first in CAUSES else "none").inc()

    def exposed(self) -> bytes:
        """All of them, as text."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, look: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(look)


class Counting:
    """Counts the answers of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        """Wrap an application; `paths` are those that are counted by name."""
        self._app, self._metrics, self._paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, code = time.perf_counter(), GONE

        async def note(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            # Whoever asks for paths that do not exist makes no new series.
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.requests.labels(path, str(code)).inc()
            if path == "/score" and code == 200:
                self._metrics.request_seconds.observe(time.perf_counter() - start)
