"""Champions come and go, and come back."""

from pathlib import Path

import pytest

from tests.registry.students import BAD, GOOD, OPEN, SHUT, Make, release, write_lock
from vq.errors import DataError
from vq.registry.champion import AliasChange, How, history, line, promote, rollback
from vq.registry.client import Registry, existing


def moves(*told: str) -> list[AliasChange]:
    """`2` is a release of version 2, `<1` a rollback to 1."""
    return [_move(one) for one in told]


def _move(told: str) -> AliasChange:
    how: How = "rollback" if told.startswith("<") else "release"
    return AliasChange(told.strip("<"), how, "", "")


@pytest.mark.parametrize(
    ("told", "reigning", "expected"),
    [
        pytest.param([], "1", "1", id="moved-in-mlflow-only"),
        pytest.param(["1", "2", "3"], "3", "123", id="one-after-the-other"),
        pytest.param(["1", "2", "3", "<2"], "2", "12", id="back"),
        pytest.param(["1", "2", "3", "<2", "<1"], "1", "1", id="back-twice"),
        pytest.param(["1", "2", "3", "<2", "4"], "4", "124", id="back-and-on"),
        pytest.param(["1", "2", "1"], "1", "121", id="promoted-again"),
        pytest.param(["1", "2", "1", "<2"], "2", "12", id="promoted-again-and-back"),
        pytest.param(["1", "2", "2"], "2", "12", id="written-down-twice"),
        pytest.param(["1", "2"], "3", "123", id="move-not-written-down"),
        pytest.param(["1", "2"], "1", "1", id="rollback-not-written-down"),
        pytest.param(["1", "<5"], "5", "15", id="back-to-one-that-is-not-known"),
    ],
)
def test_the_line_of_champions(told: list[str], reigning: str, expected: str) -> None:
    """A rollback takes out those it leaves; the alias has the last word."""
    assert line(moves(*told), reigning) == list(expected)


@pytest.mark.slow
def test_a_rollback_goes_back_one_champion_each(candidate: Make, root: Path) -> None:
    """And says where it ends."""
    for name in "abc":
        release(candidate(GOOD, name=name), root)
    with existing(root, "vq-student") as registry:
        first = rollback(registry, reason="3 is slow")
        second = rollback(registry, reason="so is 2")

        assert first == "vq-student 2 is champion again, in place of 3."
        assert second == "vq-student 1 is champion again, in place of 2."
        assert champion(registry) == "1"
        assert [(move.version, move.how) for move in history(registry)] == [
            ("1", "release"),
            ("2", "release"),
            ("3", "release"),
            ("2", "rollback"),
            ("1", "rollback"),
        ]
        with pytest.raises(DataError, match="1 is the first champion: there is none to go back"):
            rollback(registry, reason="")


@pytest.mark.slow
def test_a_rollback_goes_back_to_another_student(candidate: Make, root: Path) -> None:
    """Versions of the champion's weights are one student: going back to it changes nothing."""
    release(candidate(GOOD), root)
    for floor in (0.75, 0.7, 0.65):
        same = candidate(GOOD, name="b")
        write_lock(same.lock, floor=floor)
        release(same, root)
    with existing(root, "vq-student") as registry:
        assert champion(registry) == "4"
        assert rollback(registry, reason="") == ("vq-student 1 is champion again, in place of 4.")
        promote(registry, "3", reason="")
        assert rollback(registry, reason="").startswith("vq-student 1 is champion again")


@pytest.mark.slow
def test_without_another_student_there_is_no_way_back(candidate: Make, root: Path) -> None:
    """It says so instead of moving the alias."""
    for floor in (0.75, 0.7):
        same = candidate(GOOD)
        write_lock(same.lock, floor=floor)
        release(same, root)
    with existing(root, "vq-student") as registry:
        with pytest.raises(
            DataError, match=r"2 is the first champion but for the same student \(1\)"
        ):
            rollback(registry, reason="")
        assert champion(registry) == "2"


@pytest.mark.slow
def test_a_person_promotes_what_passed_and_nothing_else(candidate: Make, root: Path) -> None:
    """A challenger that lost against the champion may be; one with a shut gate may not."""
    release(candidate(GOOD), root)
    release(candidate(BAD, name="b"), root)
    release(candidate(GOOD, OPEN, SHUT, name="c"), root)
    with existing(root, "vq-student") as registry:
        with pytest.raises(DataError, match="3 cannot be champion, its verdict is rejected: The b"):
            promote(registry, "challenger", reason="")
        with pytest.raises(DataError, match=r"has no version '9'; .* has 1, 2, 3"):
            promote(registry, "9", reason="")
        said = promote(registry, "2", reason="seen by eye")
        again = promote(registry, "2", reason="")

        assert said == "vq-student 2 is champion now; version 1 was before it."
        assert again == "vq-student 2 is champion already."
        assert champion(registry) == "2"
        assert history(registry)[-1].reason == "seen by eye"
        assert rollback(registry, reason="").startswith("vq-student 1 is champion again")


def champion(registry: Registry) -> str:
    """Number of the version that reigns."""
    version = registry.at("champion")
    assert version is not None
    return str(version.version)
