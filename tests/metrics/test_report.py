"""The report: whole, offline, the same every time."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.metrics.exhibit import KINDS, exhibit, near_duplicates
from vq.data.card import Ratings, Scale
from vq.report import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here; Debian has it: apt-get install chromium"
)


@pytest.fixture(scope="module")
def page() -> str:
    """A report with everything in it."""
    return report.render(exhibit())


def test_it_needs_no_network(page: str) -> None:
    """No address, no script, no style sheet; and the page forbids them to the browser."""
    assert not re.search(r"https?://|//cdn|<script|@import", page)
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "default-src 'none'" in page


@pytest.mark.parametrize(
    "part",
    [
        "models",
        "differences",
        "scatter",
        "importance",
        "pruning",
        "slices",
        "order",
        "worst",
        "made-of",
    ],
)
def test_it_has_every_part(page: str, part: str) -> None:
    """A section of that name, with a headline and a table, a list or a picture in it."""
    section = re.search(rf'<section id="{part}".*?</section>', page, re.DOTALL)

    assert section is not None
    assert "<h2>" in section.group()
    assert re.search(r"<(td|li|svg|dd)\b", section.group())


def test_near_duplicates_are_shown_where_there_are_any(page: str) -> None:
    """A leak is called one; what was joined is told; of nothing, nothing is said."""
    leaking = report.render(replace(exhibit(), near_duplicates=near_duplicates("leak")))
    nothing = report.render(replace(exhibit(), near_duplicates=near_duplicates("leak", 0)))

    assert "12 pairs of videos of 13 contents; none is on two sides." in page
    assert "<b>Leak.</b> 12 of 12 pairs are on two sides of the split" in leaking
    assert page.count("&lt;again&gt;") == report.PAIRS
    assert 'id="near-duplicates"' not in nothing


def test_labels_that_look_wrong_are_shown_where_there_are_any(page: str) -> None:
    """With what is expected and what to do; of nothing, nothing is said."""
    one = report.render(replace(exhibit(), doubted=1, doubts=exhibit().doubts[:1]))
    nothing = report.render(replace(exhibit(), doubted=0, doubts=exhibit().doubts[:0]))

    assert "11 labels that look wrong" in page
    assert "the first 10, most suspicious first" in page
    assert "expected 4.20, in train" in page
    assert "1 label that looks wrong" in one
    assert 'id="doubts"' not in nothing


def test_the_worst_misses_say_what_is_wrong_with_them(page: str) -> None:
    """Those causes that are likely; nothing where none is."""
    assert page.count("seen: ") == 1
    assert "seen: blur, noise" in page


def test_order_is_told_by_kind_the_worst_first(page: str) -> None:
    """With pairs and interval; what is not shown is summed up."""
    (section,) = re.findall(r'<section id="order">.*?</section>', page, re.DOTALL)
    rows = [re.findall(r"<td[^>]*>([^<]*)", row) for row in section.split("<tr")[1:]]

    assert ["all pairs", "208", "0.876", "[0.810, 0.930]"] in rows
    shown = [row[0] for row in rows if row[3:] == ["[0.200, 1.000]"]]
    assert shown == [kind.replace("_", " ") for kind in KINDS[:12]]
    assert "Of 1 further kind, 0.880 or more of the pairs are in order." in section


def test_pairs_in_the_wrong_order_are_shown(page: str) -> None:
    """Both videos with strengths and scores; of what is right or not asked, nothing is said."""
    given = exhibit()
    unasked = {**given.test, "order": None}
    none = {"value": None, "low": None, "high": None, "pairs": 0, "kinds": {}}
    nothing = given.misordered.head(0)
    right = report.render(replace(given, misordered=nothing))
    alone = report.render(replace(given, test={**given.test, "order": none}, misordered=nothing))

    assert re.search(
        r"&lt;sea&gt;-00-pristine-2\.mp4</code></td><td class=\"n\">0</td>.*2\.51.*"
        r"sea-07-banding-2\.mp4</code></td><td class=\"n\">0\.912</td>.*3\.04",
        page,
    )
    assert "Most in the wrong order" not in right
    assert "No two test videos are of one ladder" in alone
    assert 'id="order"' not in report.render(replace(given, test=unasked, misordered=nothing))


def test_the_headline_is_the_students_srcc_on_test(page: str) -> None:
    """With its interval, and the place where the gates are."""
    found = exhibit().test["models"]["student"]["srcc"]

    assert f'id="headline">{found["value"]:.3f}<' in page
    assert f"95% interval {found['low']:.3f} to {found['high']:.3f}" in page
    assert "verdict.json" in page


def test_nobody_mistakes_synthetic_for_human(page: str) -> None:
    """The banner is there for synthetic ratings, and only for those."""
    human = report.render(exhibit(opinion="human"))

    assert "Synthetic MOS: not people\N{RIGHT SINGLE QUOTATION MARK}s opinion" in page
    assert "ynthetic" not in human
    assert "SRCC of the student with the people\N{RIGHT SINGLE QUOTATION MARK}s ratings" in human


def test_every_video_has_a_mark(page: str) -> None:
    """90 videos on either split; a mark tells its video, its score and its rating."""
    marks = re.findall(r"<title>([^<]+mp4 \(\w+\): scored [\d.]+, rated [\d.]+)</title>", page)

    assert len(marks) == 180


def test_the_same_numbers_give_the_same_bytes(page: str) -> None:
    """No date, no random name: a changed report is a changed result."""
    assert report.render(exhibit.__wrapped__()) == page


def test_names_from_files_are_text() -> None:
    """A file name, a note or a tag cannot put markup into the page."""
    given = exhibit()
    named = given.worst[:1].assign(video="<img src=x onerror=alert(1)>.mp4")
    page = report.render(replace(given, worst=named))

    assert "<img src=x" not in page
    assert "&lt;img src=x onerror" in page
    assert "&lt;simulated&gt; raters" in page


def test_a_table_without_values_is_readable() -> None:
    """CSV reads empty cells as nan; the page says nothing there, not `nan`."""
    page = report.render(exhibit())

    assert not re.search(r"\bnan\b|\bNone\b", page)


def test_few_contents_say_that_there_is_no_interval() -> None:
    """One content in a split leaves the numbers and takes the intervals."""
    page = report.render(exhibit(contents=1))

    assert "no interval: too few contents" in page
    assert "Too few contents to tell noise apart" in page


def test_without_kinds_there_is_no_legend() -> None:
    """A data set whose params ask for no slices has a report all the same."""
    given = exhibit()
    page = report.render(
        replace(
            given,
            groups=["all videos"] * len(given.predictions),
            grouped_by="",
            test={**given.test, "slices": {}},
            importance=pd.DataFrame({"a": [0.4], "b": [0.6]}, index=["all videos"]),
        )
    )

    assert '<ul class="legend">' not in page
    assert "all videos" in page


def test_data_sets_are_told_apart() -> None:
    """A row for each, the primary first; one with nothing to rank has dashes; alone, no table."""
    given = exhibit()
    lab = Ratings(
        opinion="human", scale=Scale(min=0, max=100), better="lower", licence="<research> only"
    )
    measured = {"rows": 40, "contents": 10, "models": given.test["models"]}
    nothing = {"rows": 1, "contents": 1, "models": {}}
    page = report.render(
        replace(
            given,
            card=given.card.model_copy(update={"datasets": {"lab": lab, "few": lab}}),
            test={**given.test, "datasets": {"lab": measured, "few": nothing}},
        )
    )
    section = re.search(r'<section id="datasets">.*?</section>', page, re.DOTALL)

    assert section is not None
    assert re.findall(r'<td class="model">(\w+)<small>', section.group()) == ["demo", "lab", "few"]
    assert "0 to 100, lower is better; opinion: human; &lt;research&gt; only" in section.group()
    assert section.group().count(">\N{EN DASH}<") == 6
    assert "By data set" not in report.render(given)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "said"),
    [
        pytest.param(0.01, 0.09, "ahead", "is ahead of plain: +0.050", id="ahead"),
        pytest.param(-0.01, 0.11, "level", "cannot be told apart", id="noise"),
        pytest.param(None, None, "unknown", "Too few contents", id="unknown"),
    ],
)
def test_a_difference_is_said_in_words(
    low: float | None, high: float | None, verdict: str, said: str
) -> None:
    """Whether the interval holds 0 decides."""
    found = report.difference("plain", {"value": 0.05, "low": low, "high": high})

    assert found["verdict"] == verdict
    assert said in found["sentence"]


def test_a_student_that_is_behind_is_said_to_be() -> None:
    """With a true minus sign."""
    found = report.difference("teacher", {"value": -0.05, "low": -0.09, "high": -0.01})

    assert found["verdict"] == "behind"
    assert "behind teacher: \N{MINUS SIGN}0.050" in found["sentence"]


@needs_chromium
@pytest.mark.browser
def test_a_browser_shows_it_without_complaint(page: str, tmp_path: Path) -> None:
    """The parsed page has the headline, every picture loads, and the console stays empty."""
    file = tmp_path / "report.html"
    # The browser writes what it found into the page, since all we can ask for is its text.
    probe = (
        "<script>addEventListener('load', () => { document.title = "
        "[...document.images].filter(i => i.naturalWidth > 0).length + ' pictures, ' + "
        "document.querySelectorAll('svg .mark').length + ' marks, ' + "
        "(document.documentElement.scrollWidth <= innerWidth ? 'fits' : 'too wide'); })</script>"
    )
    allowed = page.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    file.write_text(allowed.replace("</body>", probe + "</body>"), encoding="utf-8")

    done = _browse(file, tmp_path)

    assert "<title>22 pictures, 193 marks, fits</title>" in done.stdout
    assert 'id="headline">0.' in done.stdout
    assert "CONSOLE" not in done.stderr


def _browse(file: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--window-size=500,900",
            f"--user-data-dir={home / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
