"""Sessions with small clips, in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import grey, write_video
from vq.rating.app import RatingService
from vq.rating.clips import clips_of
from vq.rating.session import Session, Settings
from vq.workers.limits import Limits

MakeSession = Callable[..., Session]


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips of H.264 in MP4, each of a grey of its own."""
    folder = tmp_path_factory.mktemp("clips")
    for number in range(6):
        write_video(
            folder / f"{number}.mp4", 5, codec="libx264", pix_fmt="yuv420p", width=64, height=48,
            picture=lambda _, width, height, number=number: grey(4 + 3 * number, width, height),
        )  # fmt: skip
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[MakeSession]:
    """Open the session of a folder, again and again; looking at clips takes a process each time."""
    with ExitStack() as stack:

        def make(
            source: Path, *, gold: Path | None = None, said: list[str] | None = None,
            **settings: Any,  # noqa: ANN401
        ) -> Session:  # fmt: skip
            session = Session(folder, Settings(**settings))
            stack.callback(session.close)
            session.take(
                clips_of(source), [], clips_of(gold, gold=True) if gold else [], jobs=1,
                limits=Limits(), say=(said if said is not None else []).append,
            )  # fmt: skip
            return session

        yield make


@pytest.fixture
def make_session(tmp_path: Path) -> Iterator[MakeSession]:
    """Open the session in the test's folder `session`, with clips."""
    with opened(tmp_path / "session") as make:
        yield make


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Session]:
    """A session that tests share; each has a rater of its own."""
    with opened(tmp_path_factory.mktemp("shared") / "session") as make:
        yield make(clips)


class Browser:
    """What the page does, without a browser."""

    def __init__(self, session: Session, rater: str = "ann", *, agent: str = "") -> None:
        self.client = TestClient(RatingService(session).app())
        self.token = session.token("join")
        device = {"agent": agent}
        self.session = self.post("/join", rater=rater, language="en", device=device).json()
        self.token = self.session["token"]

    def post(self, path: str, **body: Any) -> Any:  # noqa: ANN401
        """Send JSON with the link's token."""
        return self.client.post(path, json=body, headers=self.headers)

    def get(self, path: str) -> Any:  # noqa: ANN401
        """Ask for something with the link's token."""
        return self.client.get(path, headers=self.headers)

    def rate(self, position: int, value: int | None, *, name: str = "", **more: Any) -> Any:  # noqa: ANN401
        """Rate what is at a position."""
        body = {"id": name or f"id-{position}", "position": position, "value": value}
        return self.post("/ratings", **{**body, "playback": {}, **more})

    @property
    def headers(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self.token}"}
