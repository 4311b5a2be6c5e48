"""Data Docs are read without a network, and say which video and what to do."""

import re
from pathlib import Path

import pytest

from vq.data import manifest
from vq.validation.gx_runner import between, documented, run

ROWS = manifest.build(
    [
        {"video": "taken-out.mp4", "frames": 1},
        {"video": "a.mp4", "frames": 3},
        {"video": "<b>.mp4", "frames": 2},
        {"video": "c", "frames": 9},
    ]
)


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of one suite, of which two rows fail; one was taken out before."""
    docs = tmp_path_factory.mktemp("docs") / "data_docs"
    with documented(docs) as suites:
        check = between("long", "frames", 8, None, "replace it & go <on>")
        run(suites, "rows", ROWS.iloc[1:], [check])
    return docs


def test_a_page_loads_nothing_from_elsewhere(docs: Path) -> None:
    """No script, style, picture or font of another host, and no script at all."""
    pages = [path.read_text() for path in docs.rglob("*.html")]

    assert len(pages) == 3
    for page in pages:
        assert not re.findall(r"<(?:script|link|img|iframe)\b|\bsrc=|url\(|@import", page)
        assert not re.findall(r"<[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>", page)
        assert page.count("<style>") == 1


def test_every_link_leads_to_a_file(docs: Path) -> None:
    """From the list of suites to the rows, and back."""
    for page in docs.rglob("*.html"):
        links = re.findall(r'href="([^"#]+)"', page.read_text())
        assert page.name == "index.html" or "index.html" in "".join(links)
        assert [link for link in links if not (page.parent / link).resolve().is_file()] == []


def test_the_first_page_has_video_value_and_remedy(docs: Path) -> None:
    """A name that looks like HTML is no HTML."""
    index = (docs / "index.html").read_text()

    assert "<td>a.mp4</td><td>long</td><td>3</td><td>replace it &amp; go &lt;on&gt;</td>" in index
    assert "&lt;b&gt;.mp4" in index
    assert "<td>c</td>" not in index


def test_a_page_of_results_names_the_videos(docs: Path) -> None:
    """Beside the value, and with the number of the row, though an earlier one was taken out."""
    (page,) = docs.glob("validations/rows/**/*.html")
    cells = re.findall(r'<div class="show-scrollbars">([^<]+)</div></td>', page.read_text())

    at = cells.index("a.mp4")
    assert cells[at - 3 : at + 1] == ["3", "1", "2", "a.mp4"]


def test_a_page_of_a_suite_has_the_remedy(docs: Path) -> None:
    """As the note of the expectation."""
    assert "long: replace it &amp; go &lt;on&gt;" in (docs / "expectations/rows.html").read_text()
