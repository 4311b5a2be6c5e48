"""The page in a real browser: what people see is what the service said."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import moving
from tests.serving.browser import CHROMIUM, Tab, browsing
from tests.serving.conftest import Server, Serving
from tests.video import test_warning

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium here; Debian has it: apt-get install chromium"
    ),
    pytest.mark.xdist_group("browser"),
]
DONE = "document.querySelectorAll('#rows tr').length === {} && !request"
MARKS = ["packet", "decoded", "start", "moment"]
TEXT = "document.getElementById('{}').innerText"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser."""
    with browsing(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
def tab(chromium: Tab, server: Server) -> Tab:
    """The page, fresh and ready."""
    return _open(chromium, server)


@pytest.fixture
def clip(make_h264: Callable[..., Path]) -> Path:
    """Two seconds."""
    return make_h264("my clip.mp4", frames=50, width=320, height=240, picture=moving)


def test_a_chosen_video_is_scored(tab: Tab, server: Server, clip: Path) -> None:
    """Score, interval, levels, timeline, plan and row are those of the API."""
    told = server.score(clip, timeline=True, plan=True).json()

    tab.choose("#file", clip)
    tab.until(DONE.format(1))

    row = json.loads(tab.ask(TEXT.format("row")))
    assert {**row, "seconds": 0} == {
        key: 0 if key == "seconds" else value
        for key, value in told.items()
        if key not in ("timeline", "plan")
    }
    assert tab.ask(TEXT.format("score")) == f"{told['score']:.2f}"
    assert tab.ask(TEXT.format("of")).startswith(f"{told['label']} on a scale of 1 to 5")
    assert f"between {told['low']:.2f} and {told['high']:.2f}" in tab.ask(TEXT.format("interval"))
    assert "90 % of ratings" in tab.ask(TEXT.format("interval"))
    shares = tab.ask("[...document.querySelectorAll('#levels b')].map(one => one.textContent)")
    assert shares == [f"{100 * share:.1f} %" for share in reversed(told["levels"])]
    assert tab.ask("document.querySelectorAll('#chart .hit').length") == 2
    assert tab.ask("document.getElementById('thumb').src") == told["timeline"]["thumbnail"]
    assert tab.ask("document.getElementById('thumb').naturalWidth") == 320
    plan = told["plan"]
    said = tab.ask(TEXT.format("plan-said"))
    assert f"Decoded {plan['decoded']} of 50 packets" in said
    assert f"to look at {plan['looked_at']} of 50 frames" in said
    marks = [tab.ask(f"document.querySelectorAll('#strip .{one}').length") for one in MARKS]
    assert marks == [50, plan["decoded"], plan["groups"], 3]
    assert "my clip.mp4 scores" in tab.ask("document.getElementById('said').textContent")


def test_what_the_score_does_not_know_is_said(tab: Tab, clip: Path, tmp_path: Path) -> None:
    """Beside the score of an HDR file, and of no other."""
    hdr = test_warning.write(tmp_path / "hdr.mp4", transfer=16)

    tab.choose("#file", hdr)
    tab.until(DONE.format(1))
    assert "Warning: HDR (PQ) is scored as if it were SDR" in tab.ask(TEXT.format("warning"))

    tab.choose("#file", clip)
    tab.until(DONE.format(2))
    assert tab.ask("document.getElementById('warning').hidden")


def test_a_dropped_file_that_is_no_video_is_explained(tab: Tab) -> None:
    """In sentences, where the score would be."""
    _drop(tab, "notes.mp4", "no video")
    tab.until(DONE.format(1))

    assert tab.ask("document.getElementById('result').hidden") is True
    assert tab.ask(TEXT.format("failed-name")) == "notes.mp4"
    assert "No score (unreadable): is text, not a video" in tab.ask(TEXT.format("failed-why"))
    assert "not a video, damaged, or of a kind" in tab.ask(TEXT.format("failed-hint"))


def test_several_files_are_scored_in_turn(tab: Tab, clip: Path, small: Path) -> None:
    """And each can be looked at again."""
    tab.choose("#file", clip, small)
    tab.until(DONE.format(2))
    assert tab.ask(TEXT.format("name")) == "small.mkv"

    tab.ask("document.querySelectorAll('#rows button')[1].click()")

    assert tab.ask(TEXT.format("name")) == "my clip.mp4"


def test_a_file_that_is_too_large_is_not_sent(tab: Tab) -> None:
    """8 MB are allowed here; nobody should wait for an upload that is refused."""
    before = len(tab.asked)
    tab.ask("take([new File([new Uint8Array(9e6)], 'large.mp4')])")

    assert "large.mp4 has 8.6 MB; this service takes up to 8 MB." in tab.ask(TEXT.format("trouble"))
    assert tab.asked[before:] == []


def test_an_upload_can_be_cancelled(chromium: Tab, serve: Serving) -> None:
    """Then the page is ready for the next."""
    server = serve()
    tab = _open(chromium, server)
    server.workers[0].suspend()
    _drop(tab, "slow.mp4", "never answered")
    tab.until("!!request")
    tab.ask("document.getElementById('cancel').click()")

    assert tab.until(TEXT.format("trouble")) == "Cancelled slow.mp4."
    assert tab.ask("document.getElementById('work').hidden") is True


def test_a_service_that_stopped_is_said(chromium: Tab, serve: Serving) -> None:
    """A sentence, and no endless wait."""
    server = serve()
    tab = _open(chromium, server)
    server.stop()
    _drop(tab, "late.mp4", "too late")

    assert "The service does not answer." in tab.until(TEXT.format("trouble"))
    tab.console.clear()  # the browser notes the refused connection


def test_synthetic_opinion_is_no_small_print(tab: Tab) -> None:
    """Whoever sees a score sees what it learnt from."""
    assert "not people\N{RIGHT SINGLE QUOTATION MARK}s opinion" in tab.ask(TEXT.format("synthetic"))
    assert tab.ask("document.getElementById('synthetic').checkVisibility()") is True


@pytest.mark.parametrize("width", [320, 400, 1200])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits(tab: Tab, clip: Path, width: int, dark: bool) -> None:
    """A phone or a screen, by day or by night; nothing of other hosts, the console stays empty."""
    tab.look(width=width, dark=dark)
    tab.choose("#file", clip)
    tab.until(DONE.format(1))

    assert tab.ask("document.documentElement.scrollWidth <= innerWidth") is True
    assert {address.split(":")[0] for address in tab.asked} <= {"http", "data", "blob"}
    assert all("127.0.0.1" in address for address in tab.asked if address.startswith("http"))
    assert tab.console == []


def test_everything_can_be_named(tab: Tab, clip: Path) -> None:
    """By a screen reader: each control and picture has a name."""
    tab.choose("#file", clip)
    tab.until(DONE.format(1))
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    named = {"button", "checkbox", "radio", "link", "image", "progressbar", "Video"}

    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] in named
    ]

    assert {"button", "checkbox", "radio", "image"} <= {role for role, _ in found}
    assert [role for role, name in found if not name] == []


def test_the_docs_list_every_endpoint(chromium: Tab, server: Server) -> None:
    """Read from the schema, without help from elsewhere."""
    chromium.call("Page.navigate", url=f"{server.url}/docs")
    chromium.until("document.querySelectorAll('section').length > 3")
    text = chromium.ask("document.body.innerText")

    schema = server.get("/openapi.json").json()
    assert [path for path in schema["paths"] if path not in text] == []
    assert [name for name in schema["components"]["schemas"] if name not in text] == []
    assert chromium.console == []


def _open(tab: Tab, server: Server) -> Tab:
    tab.look()
    tab.console.clear()
    tab.asked.clear()
    tab.call("Page.navigate", url=server.url)
    tab.until("document.readyState === 'complete' && typeof health !== 'undefined' && health")
    return tab


def _drop(tab: Tab, name: str, text: str) -> None:
    tab.ask(
        "{ const data = new DataTransfer();"
        f"data.items.add(new File([{json.dumps(text)}], {json.dumps(name)}));"
        "document.getElementById('zone').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }"
    )
