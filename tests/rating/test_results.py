"""Ratings of a session become labels: against the truth that a simulated crowd was given."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.rating.conftest import Browser, MakeSession
from vq.cli import main
from vq.data import labels_csv
from vq.errors import DataError
from vq.importers.ratings.opinion_scores import recover
from vq.importers.ratings.pairs import bradley_terry, pairs, read_pairs
from vq.importers.ratings.read import Ratings
from vq.rating.playlist import Trial
from vq.rating.progress import progress, table
from vq.rating.session import Session
from vq.synthetic.crowd import Rater, crowd, prefers_first, qualities, rate

HONEST = Rater("honest", 0.0, 0.5, 3)
SPAMMER = Rater("random", 0.0, 0.0, 3)
CLIPS = 60


def _loop(seed: int, raters: int) -> tuple[float, list[bool], list[bool]]:
    """SRCC with the truth; of each rater, whether they spam, and whether they were left out."""
    rng = np.random.default_rng(seed)
    people, truth = crowd(raters, rng=rng), qualities(CLIPS, rng=rng)
    matrix = np.array([[rate(one, quality, rng=rng) for one in people] for quality in truth], float)
    names = tuple(f"{n}" for n in range(raters))
    opinions = recover(Ratings(tuple(f"{n}" for n in range(CLIPS)), names, matrix), method="crowd")
    srcc = float(spearmanr(opinions.mos, truth).statistic)
    return srcc, [one.kind != "honest" for one in people], opinions.rejected.tolist()


def test_labels_follow_the_truth_and_spammers_are_left_out() -> None:
    """Of five seeded crowds of 15: mean SRCC 0.97, 9 of 10 spammers, 1 of 40 honest raters."""
    outcomes = [_loop(seed, 15) for seed in range(5)]
    spams = np.array([spam for _, spams, _ in outcomes for spam in spams])
    out = np.array([out for *_, outs in outcomes for out in outs])

    assert np.mean([srcc for srcc, *_ in outcomes]) >= 0.97
    assert out[spams].mean() >= 0.9
    assert out[~spams].mean() <= 1 / 40


def test_pairs_follow_the_truth_and_a_coin_is_left_out() -> None:
    """Fifteen raters, each two rings of 40 videos."""
    rng = np.random.default_rng(1)
    people, truth = crowd(15, rng=rng), qualities(40, rng=rng)
    comparisons = []
    for name, person in enumerate(people):
        for _ in range(2):
            ring = rng.permutation(40).tolist()
            for first, second in zip(ring, [*ring[1:], ring[0]], strict=True):
                preferred = prefers_first(person, truth[first], truth[second], rng=rng)
                comparisons.append((str(first), str(second), str(name), preferred))
    data = pairs(comparisons)

    opinions = bradley_terry(data, scale=(1.0, 5.0))

    assert spearmanr(opinions.mos, [truth[int(name)] for name in data.videos]).statistic > 0.95
    spams = [people[int(name)].kind != "honest" for name in data.raters]
    assert opinions.rejected.tolist() == spams
    assert (opinions.low < opinions.mos).all()
    assert (opinions.mos < opinions.high).all()


def test_bradley_terry_by_hand() -> None:
    """Three wins of four: strengths differ by log 3, but for the prior that pulls them together.

    So each is at most log(3) / 2 from 0, the share against the average video 1 / (1 + 3 ** -.5).
    """
    wins = [("a", "b", "ann", True)] * 300 + [("a", "b", "bob", False)] * 100

    opinions = bradley_terry(pairs(wins), scale=(0.0, 1.0), screened=False)

    assert opinions.mos == pytest.approx([1 / (1 + 3**-0.5), 1 - 1 / (1 + 3**-0.5)], abs=1e-3)
    assert opinions.comparisons.tolist() == [400, 400]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param("a,a,ann,first", "compares 'a' with itself", id="itself"),
        pytest.param("a,b,ann,both", "prefers 'both'", id="both"),
        pytest.param("a,b,,first", "line 2 has an empty cell", id="empty"),
    ],
)
def test_a_comparison_that_is_none_is_named(tmp_path: Path, row: str, message: str) -> None:
    """With its line."""
    (tmp_path / "pairs.csv").write_text(f"first,second,rater,preferred\n{row}\n")

    with pytest.raises(DataError, match=message):
        read_pairs(tmp_path / "pairs.csv", columns={})


def test_a_session_becomes_labels(
    make_session: MakeSession, tmp_path: Path, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without practice and repeats, disturbed ratings, and who misses gold; while it runs.

    The organiser sees the same, and every rating with device and playback; a browser's name is no
    formula.
    """
    gold = tmp_path / "gold.csv"
    gold.write_text(f"video,low,high\n{clips}/0.mp4,1,1\n{clips}/5.mp4,5,5\n")
    session = make_session(clips, gold=gold)
    for rater in ("ann", "bob", "cem"):
        _rate_by_number(session, rater, HONEST, agent="=1+1")
    _rate_by_number(session, "eve", SPAMMER)
    out = tmp_path / "labels.csv"

    assert main(["ratings", str(session.folder), "--out", str(out)]) == 0

    text = capsys.readouterr().out
    assert "6 videos, 3 raters, crowd" in text
    assert "1 rating not counted: the playback was disturbed" in text
    assert "left out for gold clips: r-eve" in text
    rows = {row.video: row.values for row in labels_csv.read(out)}
    assert sorted(rows) == [f"{n}.mp4" for n in range(6)]
    assert rows["0.mp4"]["ratings"] == 2  # ann's was disturbed
    assert rows["5.mp4"]["ratings"] == 3
    assert main(
        ["ratings", str(session.folder), "--out", str(out), "--replace", "--format", "label-studio"]
    ) == 0  # fmt: skip
    tasks = {task["data"]["video"]: task for task in json.loads(out.read_text())}
    assert [one["meta"]["rater"] for one in tasks["5.mp4"]["annotations"]] == [
        "r-ann", "r-bob", "r-cem"
    ]  # fmt: skip
    assert tasks["5.mp4"]["annotations"][0]["result"][0]["value"] == {"rating": 5}

    numbers = progress(session)
    header, *lines = table(session.store).splitlines()
    ann, *_, eve = numbers["raters"]
    assert (ann["rater"], ann["done"], ann["planned"], ann["gold"]) == ("r-ann", 13, 13, (0, 2))
    assert (ann["disturbed"], ann["repeats"], ann["left_out"]) == (1, 0.0, "")
    assert (eve["gold"], eve["left_out"]) == ((2, 2), "missed gold clips")
    test = [one["ratings"] for one in numbers["clips"] if one["role"] == "test"]
    assert test == [2, 3, 3, 3, 3, 3]
    assert header.startswith("rater,position,kind,video,second,value,problem,received,language")
    assert len(lines) == 4 * 13
    assert sum(",'=1+1," in line for line in lines) == 3 * 13


def test_a_session_of_pairs_becomes_labels(
    make_session: MakeSession, tmp_path: Path, clips: Path
) -> None:
    """Each rater compares in a ring; labels come by the order of preference."""
    session = make_session(clips, mode="pairs", repeats=0)
    for rater in ("ann", "bob"):
        _rate_by_number(session, rater, HONEST)
    out = tmp_path / "labels.csv"

    assert main(["ratings", str(session.folder), "--out", str(out)]) == 0

    rows = {row.video: row.values for row in labels_csv.read(out)}
    assert len(rows) == 6
    assert rows["0.mp4"]["mos"] < 2 < 4 < rows["5.mp4"]["mos"]
    assert {values["ratings"] for values in rows.values()} == {4}
    assert progress(session)["raters"][0]["correlation"] == 1.0


def _rate_by_number(session: Session, rater: str, person: Rater, *, agent: str = "") -> None:
    """Rate everything: the higher the number of a clip, the better; ann's first is disturbed."""
    browser = Browser(session, rater, agent=agent)
    names = {clip.number: clip.name for clip in session.clips}
    store = session.store
    for position, trial in enumerate(store.trials(browser.session["rater"])):
        value = _value(trial, names, person)
        disturbed = (rater, trial.kind, names[trial.first]) == ("ann", "test", "0.mp4")
        playback = {"disturbed": disturbed and trial.second is None}
        assert browser.rate(position, value, playback=playback).status_code == 200


def _value(trial: Trial, names: dict[int, str], person: Rater) -> int:
    if trial.second is not None:
        return 1 if trial.first > trial.second else 2
    number = int(Path(names[trial.first]).stem)
    level = min(5, max(1, number))
    return level if person is HONEST else 6 - level
