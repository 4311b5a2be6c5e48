"""Gates that ask the world: code, machine, champion."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.registry.students import (
    BAD,
    CONTENTS,
    GOOD,
    SETTINGS,
    Make,
    maker,
    write_splits,
)
from tests.scoring.toy import write_bundle
from vq import params
from vq.gates.verdict import Gate
from vq.registry import release_gates
from vq.registry.candidate import Candidate
from vq.registry.paired_scores import Champion
from vq.registry.source import Source

NOTHING = pd.DataFrame({"content": ["old"], "sha256": ["e" * 64]})
"""What a champion has learnt from that has seen no video of today."""


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    """Write a student, and today's data beside it."""
    return maker(tmp_path)


def gates(
    candidate: Candidate, champion: Champion | None = None, settings: params.Release = SETTINGS
) -> dict[str, Gate]:
    """All gates by name."""
    found, _ = release_gates.judge(candidate, champion, settings=settings, seed=7)
    return {gate.name: gate for gate in found.gates}


def test_without_a_champion_code_and_machine_are_asked(candidate: Make) -> None:
    """There is nobody to compare it with."""
    found = gates(candidate(GOOD))

    assert list(found) == ["committed", "score_ms"]
    assert all(gate.passed for gate in found.values())
    assert found["committed"].sentence == "Code and params are those of commit 0123abc."
    assert "Half of 2 test videos took" in found["score_ms"].sentence


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(Source("0123abc", ("a.py", "b.py")), "2 files differ.*a.py", id="dirty"),
        pytest.param(Source(""), "in no git repository", id="no-git"),
    ],
)
def test_what_nobody_could_make_again_is_refused(
    candidate: Make, source: Source, said: str
) -> None:
    """The sentence says what to do."""
    gate = gates(replace(candidate(GOOD), source=source))["committed"]

    assert not gate.passed
    assert pd.Series([gate.sentence]).str.contains(said).all()


def test_a_slow_student_is_refused(candidate: Make) -> None:
    """By the median over test videos, decoding included."""
    settings = SETTINGS.model_copy(update={"max_score_ms": 1e-3})
    gate = gates(candidate(GOOD), settings=settings)["score_ms"]

    assert not gate.passed
    assert "over the budget of 0.001 ms" in gate.sentence


def test_test_videos_that_are_gone_time_nothing(candidate: Make) -> None:
    """Nothing was measured, so nothing opens."""
    student = candidate(GOOD)
    for video in student.videos.folder.iterdir():
        video.unlink()

    assert not gates(student)["score_ms"].passed


def test_an_equal_student_loses_nothing(candidate: Make) -> None:
    """In no resample of contents: the interval is a point."""
    gate = gates(candidate(GOOD), Champion("3", candidate(GOOD, name="b").student, NOTHING))[
        "champion"
    ]

    assert gate.passed
    assert (gate.value, gate.low, gate.high) == (0, 0, 0)
    assert "SRCC 1.000, champion 3 1.000 on the same 4 test videos" in gate.sentence


def test_a_worse_student_is_refused_whatever_its_report_says(candidate: Make) -> None:
    """Both are scored on the same videos."""
    gate = gates(candidate(BAD), Champion("3", candidate(GOOD, name="b").student, NOTHING))[
        "champion"
    ]

    assert not gate.passed
    assert gate.value == pytest.approx(-2)
    assert "which may be a loss of more than 0.05 at 90% confidence" in gate.sentence


def test_a_champion_that_looks_elsewhere_decodes_the_videos(candidate: Make) -> None:
    """The cache has no views for it; it sees the files as it would at work."""
    old = candidate(GOOD, name="b").student
    write_bundle(old, *GOOD, moments=2, views={"moments": 2, "grid": 2, "patch_px": 8})

    gate = gates(candidate(BAD), Champion("3", old, NOTHING))["champion"]

    assert "SRCC -1.000, champion 3 1.000" in gate.sentence


def test_a_champion_on_a_scale_that_was_turned_is_turned_back(candidate: Make) -> None:
    """Lower was better then: its low scores are its praise."""
    old = candidate(GOOD, name="b").student
    write_bundle(old, *BAD, better="lower")

    assert gates(candidate(GOOD), Champion("3", old, NOTHING))["champion"].value == pytest.approx(0)


@pytest.mark.parametrize("what", ["content", "sha256"])
def test_a_champion_that_has_seen_the_test_is_not_compared(candidate: Make, what: str) -> None:
    """By name of a content, or as the same file: no comparison is better than an unfair one."""
    student = candidate(GOOD)
    splits = student.videos.splits.with_name("then.csv")
    write_splits(splits, test=range(CONTENTS // 2))
    learnt = replace(student.videos, splits=splits).learnt()
    other = "sha256" if what == "content" else "content"
    learnt[other] = "something else"

    found = gates(student, Champion("3", candidate(GOOD, name="b").student, learnt))

    assert not found["unseen"].passed
    assert "5 of today's 5 test videos (the first is of c4)" in found["unseen"].sentence
    assert "champion" not in found


def test_a_champion_that_cannot_be_loaded_is_not_beaten(candidate: Make, tmp_path: Path) -> None:
    """Somebody should look why."""
    gate = gates(candidate(GOOD), Champion("3", tmp_path, NOTHING))["champion"]

    assert not gate.passed
    assert "Champion 3 cannot be loaded" in gate.sentence
