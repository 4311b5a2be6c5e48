"""A worker opens untrusted files: what it says is held against the schema."""

import asyncio
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import HTTPException
from pydantic import ValidationError
from starlette.requests import Request

from vq.inference.row import Row, as_mapping
from vq.scoring.scoring_pool import Answer, Greeting
from vq.serving.app import Service
from vq.serving.queue import ScoringQueue
from vq.serving.schemas import scored
from vq.serving.upload import received

ROW = Row("/tmp/vq-upload-x", "ok", score=3.0, levels=(0.5, 0.5), model="m", mode="exact")
TIMELINE: dict[str, Any] = {
    "starts": [0.0],
    "scores": [3.0],
    "end": 1.0,
    "worst": 0,
    "thumbnail": "data:image/jpeg;base64,/9j/",
    "scale": [1.0, 5.0],
    "better": "higher",
}
GREETING = Greeting("m", "1 to 5", 2, "human", [], [1.0, 5.0], 1.0, 5.0, "higher", None)


def test_what_fits_is_told() -> None:
    """By the name that the client gave."""
    told = scored(Answer(ROW, TIMELINE), "clip.mp4")

    assert told.model_dump(exclude_unset=True) == {
        **as_mapping(ROW),
        "video": "clip.mp4",
        "levels": [0.5, 0.5],
        "timeline": {**TIMELINE, "scale": (1.0, 5.0)},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"thumbnail": "data:text/html;base64,PHNjcmlwdD4="},
        {"thumbnail": "https://example.org/a.jpg"},
        {"thumbnail": "data:image/jpeg;base64,/9j/\n"},
        {"scores": [float("nan")]},
        {"scores": "<script>"},
        {"better": "<b>"},
        {"more": 1},
    ],
    ids=["markup", "address", "line", "nan", "text", "word", "key"],
)
def test_what_does_not_fit_is_not(change: dict[str, Any]) -> None:
    """Neither markup nor addresses can come out of a worker that was taken over."""
    with pytest.raises(ValidationError):
        scored(Answer(ROW, {**TIMELINE, **change}), "clip.mp4")


def test_where_the_file_was_is_not_told() -> None:
    """A bug's message may have the path in it."""
    row = Row("/tmp/vq-upload-x", "crashed", "OSError: /tmp/vq-upload-x: gone")

    assert scored(Answer(row), "clip.mp4").reason == "OSError: clip.mp4: gone"


def test_nonsense_costs_the_video_its_score(tmp_path: Path) -> None:
    """The service answers with a row all the same."""

    class Lying(ScoringQueue):
        def __init__(self) -> None:
            self.greeting, self.jobs, self.places = GREETING, 1, 1
            self.inside = self.at_work = 0

        async def score(self, *_: object) -> Answer:
            return Answer(ROW, {**TIMELINE, "thumbnail": "javascript:alert(1)"})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Service(Lying(), max_upload_mb=1).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/score", files={"file": ("a.mp4", b"x")})

    answer = asyncio.run(ask())

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["score"]) == ("crashed", None)
    assert answer.json()["reason"] == "its process answered with nonsense"


def test_an_upload_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a few sleepy clients would fill the house."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def receive() -> None:
        scope = {"type": "http", "method": "POST", "headers": []}
        request = Request(cast(Any, scope), cast(Any, never))
        async with received(request, most_mb=1, stall_seconds=0.05):
            pass

    with pytest.raises(HTTPException, match=r"nothing came for 0\.05 s") as refused:
        asyncio.run(receive())
    assert refused.value.status_code == 408
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fast", [True, False])
def test_an_upload_that_trickles_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    """Something always comes, in time, but a byte each; at an honest pace as many pieces pass."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = iter(range(100, -1, -1))

    async def piece() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        body = b"x" * (10_000 if fast else 1)
        return {"type": "http.request", "body": body, "more_body": next(left) > 0}

    async def receive() -> int:
        scope = {"type": "http", "method": "POST", "headers": []}
        request = Request(cast(Any, scope), cast(Any, piece))
        async with received(request, most_mb=1, stall_seconds=1) as upload:
            return upload.size

    if fast:
        assert asyncio.run(receive()) == 1_010_000
    else:
        with pytest.raises(HTTPException, match="slower than 16 kB a second") as refused:
            asyncio.run(receive())
        assert refused.value.status_code == 408
        assert next(left) > 25  # long before the end
    assert list(tmp_path.iterdir()) == []
