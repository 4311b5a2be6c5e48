"""A row is checked where it is made."""

from dataclasses import asdict

import pytest

from vq.inference.row import Row, from_mapping

GOOD = Row("a.mp4", "ok", "", 1 / 3 + 2, 1.7, 2.9, (1 / 3, 2 / 3), 8, "student-0123", 0.25)


@pytest.mark.parametrize(("status", "score"), [("ok", None), ("unreadable", 3.0)])
def test_a_score_and_the_status_ok_go_together(status: str, score: float | None) -> None:
    """A row is checked where it is made."""
    with pytest.raises(ValueError, match="go together"):
        Row("a.mp4", status, score=score)  # type: ignore[arg-type]


def test_a_status_is_one_of_those_we_know() -> None:
    """What a worker or a file says is not believed."""
    # The type checker of the tests is faster than we are.
    with pytest.raises((ValueError, TypeError), match="fine"):
        from_mapping({**asdict(GOOD), "status": "fine"})


def test_a_row_survives_its_journey() -> None:
    """Through JSON and the like, where a tuple is a list."""
    assert from_mapping({**asdict(GOOD), "levels": list(GOOD.levels)}) == GOOD
