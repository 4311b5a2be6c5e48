"""The page in a real browser, behind a path of its own: what is seen is what was rated."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.rating.conftest import MakeSession
from tests.serving.browser import CHROMIUM, Tab, browsing
from vq.commands.listen import address, listen
from vq.rating.app import RatingService
from vq.rating.session import Session

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here; Debian has it: apt-get install chromium"
    ),
    pytest.mark.xdist_group("browser"),
]
TEXTS = json.loads((Path(__file__).parents[2] / "vq/rating/texts.json").read_text())
VOTING = "!document.getElementById('vote').hidden && !!answer"
KEY = "dispatchEvent(new KeyboardEvent('keydown', {{key: '{}'}}))"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser with one tab."""
    with browsing(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@contextmanager
def serving(session: Session, port: int = 0) -> Iterator[str]:
    """The service under /study of a free port, until it is stopped."""
    app = Starlette(routes=[Mount("/study", RatingService(session).app())])
    with listen("127.0.0.1", port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"{address(listener)}/study/"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


def test_a_session_from_the_link_to_the_thanks(
    tab: Tab, make_session: MakeSession, clips: Path, tmp_path: Path
) -> None:
    """Keys before the end of a clip count for nothing, two at once for one; a reload goes on.

    While the network is gone the page plays on and keeps what is rated; it is sent afterwards.
    """
    (tmp_path / "two.csv").write_text(f"video\n{clips}/0.mp4\n{clips}/1.mp4\n")
    session = make_session(tmp_path / "two.csv", repeats=0)
    rated = session.store.rated
    tab.look(width=390, height=844)
    with serving(session) as url:
        port = int(url.split(":")[2].split("/")[0])
        _open(tab, f"{url}#{session.token('join')}")
        assert TEXTS["en"]["levels"][0] == "Excellent"
        tab.ask("document.getElementById('go').click()")
        tab.until("!document.getElementById('stage').hidden")
        tab.ask(KEY.format(5))
        tab.until(VOTING)
        assert rated() == []
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
        tab.ask(f"{KEY.format(4)}; {KEY.format(1)}")
        _soon(lambda: [(one.position, one.value) for one in rated()] == [(0, 4)])
        _open(tab, tab.ask("location.href"))
        assert "You have rated 1 of 4" in tab.ask("document.getElementById('start').innerText")
        tab.ask("document.getElementById('go').click()")
        tab.until(VOTING)
    tab.ask(KEY.format(3))
    tab.until("!document.getElementById('net').hidden")
    tab.until("!document.getElementById('note').hidden")
    assert "your ratings count" in tab.ask("document.getElementById('note').innerText")
    tab.ask("document.getElementById('next').click()")
    tab.until(VOTING)  # the clip was loaded before
    assert len(rated()) == 1
    tab.ask(KEY.format(2))
    with serving(session, port):
        tab.until(VOTING)
        tab.ask("document.querySelector('#levels [data-value=\"5\"]').click()")
        tab.until("document.getElementById('note').innerText.includes('You have rated everything')")
    assert [one.value for one in rated()] == [4, 3, 2, 5]
    assert {one.playback["shown_width"] for one in rated()} == {64}
    assert {one.playback["frames"] for one in rated()} == {5}
    _, _, language, device = session.store.raters()[0]
    assert (language, device["viewport_width"]) == ("en", 390)


def test_pairs_and_the_organiser(tab: Tab, make_session: MakeSession, clips: Path) -> None:
    """Two clips, one question; a break after 20 minutes. The other page says how far it is.

    All in the rater's language.
    """
    session = make_session(clips, mode="pairs", repeats=0)
    tab.look()
    with serving(session) as url:
        _open(tab, f"{url}#{session.token('rater', 'zoe')}")
        tab.ask("document.getElementById('language').value = 'de'; speak('de')")
        tab.ask("document.getElementById('go').click()")
        tab.until(VOTING)
        assert TEXTS["de"]["pair_question"] in tab.ask("document.getElementById('vote').innerText")
        tab.ask(f"ratedMs = 20.6 * 60000; {KEY.format(2)}")
        _soon(lambda: len(session.store.rated()) == 1)
        for title in ("ready_title", "break_title"):
            tab.until(f"document.getElementById('note-title').innerText === '{TEXTS['de'][title]}'")
            tab.until("!document.getElementById('note').hidden")
            note = tab.ask("document.getElementById('note').innerText")
            tab.ask("document.getElementById('next').click()")
        assert TEXTS["de"]["break"].format(minutes=21).split(".")[0] in note
        tab.until(VOTING)
        assert tab.ask("ratedMs") == 0
        tab.call("Page.navigate", url=f"{url}organiser#{session.token('organiser')}")
        tab.until("document.getElementById('totals')?.hidden === false")
        assert "1 of 7" in tab.ask("document.body.innerText")
        assert tab.ask("document.querySelectorAll('#clips tr').length") == 6
        tab.call("Page.navigate", url=f"{url}?#nonsense")
        tab.until("document.getElementById('note-title')?.innerText.includes('not complete')")


def _open(tab: Tab, url: str) -> None:
    tab.call("Page.navigate", url="about:blank")
    tab.call("Page.navigate", url=url)
    tab.until("document.readyState === 'complete' && typeof session !== 'undefined' && !!session")
    tab.until("!document.getElementById('start').hidden")


def _soon(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
