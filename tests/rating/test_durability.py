"""The benchmark of killed sessions, small: a real service, HTTP, SIGKILL."""

from pathlib import Path

from benchmarks.rating import session


def test_no_rating_is_lost_or_counted_twice_when_the_service_is_killed(tmp_path: Path) -> None:
    """Two raters at once, one kill in the middle; some ratings are sent twice."""
    result = session(tmp_path, raters=2, clips=4, kills=1, seed=1)

    assert len(result.acknowledged) == 2 * 9
    assert (result.lost, result.doubled, result.changed) == (0, 0, 0)
