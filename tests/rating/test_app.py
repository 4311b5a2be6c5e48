"""What each link may do, and what becomes of a rating."""

import json
import shutil
import sqlite3
import time
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.conftest import write_video
from tests.rating.conftest import Browser, MakeSession
from vq.cli import main
from vq.errors import BusyError, DataError
from vq.rating.clips import clips_of
from vq.rating.rate_limit import RateLimit
from vq.rating.session import Session, Settings
from vq.rating.store import NAME
from vq.rating.tokens import Signer, Token

ROOT = Path(__file__).parents[2]


def test_a_rater_rates_every_clip_once_and_some_twice(
    make_session: MakeSession, clips: Path, tmp_path: Path
) -> None:
    """Practice first; the page hears no name, nor which clip comes again. One has to be encoded."""
    shutil.copytree(clips, tmp_path / "mixed")
    write_video(tmp_path / "mixed" / "lossless.mkv", 5, width=64, height=48)
    session = make_session(tmp_path / "mixed")
    ann = Browser(session)
    trials = session.store.trials(ann.session["rater"])

    assert [trial.kind for trial in trials[:3]] == ["training"] * 3
    assert sorted(t.first for t in trials if t.kind == "test") == [1, 2, 3, 4, 5, 6, 7]
    assert sum(trial.kind == "repeat" for trial in trials) == 2
    assert all(a.first != b.first for a, b in pairwise(trials[2:]))
    assert {key: ann.session[key] for key in ("training", "total", "done")} == {
        "training": 3, "total": 12, "done": []
    }  # fmt: skip
    for position in range(12):
        _when_ready(ann, f"/clips/{position}/0")
        assert ann.rate(position, 1 + position % 5).json() == {"outcome": "new"}
    assert Browser(session).session["done"] == list(range(12))


def test_a_rating_that_comes_twice_counts_once(shared: Session) -> None:
    """Sent again it is acknowledged again; another one for the same clip changes nothing."""
    session = shared
    ann = Browser(session, "twice")

    outcomes = [ann.rate(3, 4, name=name).json()["outcome"] for name in ("a", "a", "b")]

    assert outcomes == ["new", "repeated", "rated"]
    assert _rated(session, "twice") == [(3, 4)]


def test_each_link_opens_what_it_is_for(shared: Session, clips: Path) -> None:
    """And nothing without one: no clip, no name of a video, no number."""
    session = shared
    ann = Browser(session, "link")
    organiser = session.token("organiser")
    paths = ("/clips/0/0", "/progress", "/ratings.csv")

    assert [ann.client.get(path).status_code for path in paths] == [401] * 3
    assert [ann.get(path).status_code for path in paths[1:]] == [403] * 2
    assert ann.get("/clips/99/0").status_code == 404
    ann.token = organiser
    assert [ann.get(path).status_code for path in paths] == [403, 200, 200]
    assert ann.rate(0, 3).status_code == 403
    assert ann.client.get("/health").json() == {"status": "ready"}
    page = ann.client.get("/")
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    assert not any(path.name in page.text for path in clips.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda _, text: text[:-3], "was changed", id="cut"),
        pytest.param(lambda *_: "nonsense", "not complete", id="nonsense"),
        pytest.param(
            lambda signer, _: signer.sign(Token("rater", "ann", int(time.time()) - 1)),
            "has expired", id="expired",
        ),
        pytest.param(
            lambda *_: Signer("other", b"x").sign(Token("rater", "ann", 1 << 40)),
            "another session", id="other-session",
        ),
        pytest.param(
            lambda signer, _: Signer(signer.session, b"x").sign(Token("organiser", "", 1 << 40)),
            "was changed", id="forged",
        ),
    ],
)  # fmt: skip
def test_a_link_that_opens_nothing_says_why(shared: Session, change: object, message: str) -> None:
    """One sentence, with what to do."""
    session = shared
    ann = Browser(session, "nothing")
    assert callable(change)
    ann.token = change(session.signer, ann.token)

    answer = ann.rate(0, 3)

    assert answer.status_code == 401
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"value": 6}, "less than or equal to 5", id="level"),
        pytest.param({"value": None}, "or a problem", id="nothing"),
        pytest.param({"position": 99}, "no such clip", id="position"),
        pytest.param({"playback": {"frames": -1}}, "playback.frames", id="playback"),
        pytest.param({"problem": "x" * 20_000}, "longer than 16 kB", id="long"),
        pytest.param({"extra": 1}, "not permitted", id="extra"),
    ],
)
def test_a_rating_that_cannot_be_is_refused(
    shared: Session, body: dict[str, object], message: str
) -> None:
    """And nothing is written."""
    session = shared

    answer = Browser(session, "refused").rate(**{"position": 0, "value": 3, **body})

    assert 400 <= answer.status_code < 500
    assert message in answer.json()["detail"]
    assert _rated(session, "refused") == []


def test_who_asks_too_often_waits() -> None:
    """A burst of two, then one a second; callers do not wait for each other."""
    limit = RateLimit(per_second=1.0, burst=2)

    assert [limit.allow("ann", now=0.0) for _ in range(3)] == [True, True, False]
    assert limit.allow("bob", now=0.0)
    assert [limit.allow("ann", now=1.0) for _ in range(2)] == [True, False]


def test_a_rating_is_kept_by_its_sender_while_the_file_is_locked(
    shared: Session,
) -> None:
    """503 and when to ask again; then it is written."""
    session = shared
    ann = Browser(session, "locked")
    session.store._connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(session.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    answer = ann.rate(0, 3)
    other.execute("ROLLBACK")
    other.close()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "another program holds it" in answer.json()["detail"]
    assert str(session.folder) not in answer.text
    assert ann.rate(0, 3).json() == {"outcome": "new"}


def test_a_full_disk_loses_nothing(shared: Session) -> None:
    """What SQLite says when no page is left; with room again, the rating is written."""
    session = shared
    ann = Browser(session, "full")
    (pages,) = session.store._connection.execute("PRAGMA page_count").fetchone()
    session.store._connection.execute(f"PRAGMA max_page_count = {pages}")
    answers = [ann.rate(place, None, problem="x" * 300) for place in range(11)]
    full = [answer for answer in answers if answer.status_code == 503]
    session.store._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    again = [ann.rate(place, None, problem="x" * 300) for place in range(11)]

    assert full
    assert "the disk is full; make room" in full[0].json()["detail"]
    assert all(answer.status_code == 200 for answer in again)
    assert len(_rated(session, "full")) == 11


def test_a_file_that_was_deleted_takes_no_rating(shared: Session) -> None:
    """It would be written into nowhere."""
    session = shared
    ann = Browser(session, "deleted")
    session.store.path.rename(session.folder / "elsewhere")

    answer = ann.rate(0, 3)
    (session.folder / "elsewhere").rename(session.store.path)

    assert "was moved or deleted" in answer.json()["detail"]
    assert ann.rate(0, 3).json() == {"outcome": "new"}


def test_one_service_has_a_session(shared: Session) -> None:
    """A second one would hand out the same trials."""
    session = shared

    with pytest.raises(BusyError, match="is open in another `vq rate`"):
        Session(session.folder, Settings())


def test_a_session_can_be_edited_between_two_runs(
    make_session: MakeSession, clips: Path, tmp_path: Path
) -> None:
    """Raters keep their trials; a clip that is no longer named is gone, with its ratings kept."""
    table = tmp_path / "ask.csv"
    table.write_text(f"video,reason\n{clips}/0.mp4,a\n{clips}/1.mp4,b\n{clips}/2.mp4,c\n")
    session = make_session(table)
    ann = Browser(session)
    trials = session.store.trials(ann.session["rater"])
    ann.rate(0, 3)
    session.close()
    table.write_text(f"video\n{clips}/1.mp4\n{clips}/2.mp4\n{clips}/3.mp4\n")

    session = make_session(table)
    ann = Browser(session)

    assert session.store.trials(ann.session["rater"]) == trials
    assert len(session.store.rated()) == 1
    codes = {trial.first: ann.get(f"/clips/{n}/0").status_code for n, trial in enumerate(trials)}
    assert codes == {1: 410, 2: 200, 3: 200}
    assert {clip.name: clip.active for clip in session.clips}[f"{clips}/3.mp4"]


def test_a_clip_that_changed_is_not_another_rating_of_the_same(
    make_session: MakeSession, clips: Path, tmp_path: Path
) -> None:
    """While the service runs it is no longer shown; the next start names it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("0.mp4", "1.mp4"):
        (folder / name).write_bytes((clips / name).read_bytes())
    session = make_session(folder)
    ann = Browser(session)
    place = [t.first for t in session.store.trials(ann.session["rater"])].index(1)
    (folder / "0.mp4").write_bytes((clips / "5.mp4").read_bytes())

    answer = ann.get(f"/clips/{place}/0")

    assert (answer.status_code, answer.json()["detail"]) == (
        410, "its file has changed since the session began"
    )  # fmt: skip
    assert ann.rate(place, None, problem=answer.json()["detail"]).status_code == 200
    session.close()
    with pytest.raises(DataError, match=r"0\.mp4: has changed since the session in .* began"):
        make_session(folder)


def test_files_that_cannot_be_rated_are_named(
    make_session: MakeSession, clips: Path, tmp_path: Path
) -> None:
    """One sentence each, and the others are rated."""
    (tmp_path / "notes.mp4").write_text("not a video")
    (tmp_path / "ask.csv").write_text(
        f"video,reason,random\n{clips}/0.mp4,,\n{clips}/1.mp4,,\nnotes.mp4,,\ngone.mp4,,\n"
    )
    said: list[str] = []

    session = make_session(tmp_path / "ask.csv", said=said)

    assert len(said) == 2
    assert "notes.mp4: is text, not a video" in said[0]
    assert "gone.mp4: no such file" in said[1]
    assert {trial.first for trial in session.trials("ann")} == {1, 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("clip\na.mp4\n", "has no column 'video'", id="column"),
        pytest.param("video\n", "names no video", id="empty"),
        pytest.param("video\ns3://b/a.mp4\n", "line 2 is the URL s3://b/a.mp4", id="url"),
        pytest.param("video,low,high\na.mp4,4,2\n", "low 4 above high 2", id="order"),
        pytest.param("video,low,high\na.mp4,0,2\n", "no level in 'low'", id="level"),
    ],
)
def test_a_table_that_is_wrong_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    """With the file, the value and the remedy."""
    (tmp_path / "gold.csv").write_text(text)

    with pytest.raises(DataError, match=message):
        clips_of(tmp_path / "gold.csv", gold="low" in text)


def test_a_session_that_cannot_start_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exit code 2; what lies in the session's own folder is no clip of it."""
    write_video(tmp_path / "ratings/media/1.mkv")
    source, out = str(tmp_path), str(tmp_path / "ratings")

    assert main(["rate", source, "--out", out]) == 2
    assert "names no video; give a folder of clips" in capsys.readouterr().err
    assert main(["rate", source, "--out", out, "--mode", "pairs", "--gold", "gold.csv"]) == 2
    assert "--gold: its levels are of single clips" in capsys.readouterr().err


def test_a_session_keeps_its_mode(tmp_path: Path) -> None:
    """Comparisons are no levels; and a file that is no session is named."""
    Session(tmp_path / "one", Settings()).close()
    with pytest.raises(DataError, match="is a session of mode single; name another --out"):
        Session(tmp_path / "one", Settings(mode="pairs"))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / NAME).write_text("hello, this is no database, but long enough to be read")
    with pytest.raises(DataError, match="cannot be opened as a rating session"):
        Session(tmp_path / "two", Settings())


def test_every_language_says_everything() -> None:
    """Five of them, five levels each."""
    texts = json.loads((ROOT / "vq/rating/texts.json").read_text(encoding="utf-8"))

    assert list(texts) == ["en", "de", "fr", "es", "zh"]
    assert {frozenset(one) for one in texts.values()} == {frozenset(texts["en"])}
    assert {len(one["levels"]) for one in texts.values()} == {5}


def _rated(session: Session, rater: str) -> list[tuple[int, int | None]]:
    rated = session.store.rated()
    return [(one.position, one.value) for one in rated if one.rater == f"r-{rater}"]


def _when_ready(browser: Browser, path: str) -> httpx.Response:
    end = time.monotonic() + 60
    while (answer := browser.get(path)).status_code == 503 and time.monotonic() < end:
        time.sleep(0.05)
    assert answer.status_code == 200
    return answer
