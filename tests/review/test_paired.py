"""Two students are compared on the same videos and the same resamples."""

import numpy as np
import pandas as pd
import pytest

from vq.errors import DataError
from vq.metrics import mapping
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import Rated, summarise
from vq.review.paired import Pair, difference, join

BOOTSTRAP = Bootstrap(400, 0.9, 3)
CONTENTS = [f"c{number // 3}" for number in range(30)]
RNG = np.random.default_rng(1)
MOS = RNG.uniform(1, 5, 30)
GOOD = MOS + RNG.normal(0, 0.3, 30)
BAD = MOS + RNG.normal(0, 2.0, 30)


def predictions(student: np.ndarray, *, mos: np.ndarray = MOS, rows: slice = slice(None)) -> bytes:
    """As `evaluate` writes them: validation, and test videos that are scored backwards."""
    frame = pd.DataFrame({"video": [f"v{n}" for n in range(30)], "content": CONTENTS})
    frame = frame.assign(split="validation", mos=mos, student=student)[rows]
    test = frame.assign(split="test", video="test-" + frame["video"], student=-frame["mos"])
    return pd.concat([frame, test]).to_csv(index=False).encode()


def pair(old: bytes, new: bytes) -> Pair:
    """They can be paired."""
    found = join(old, new, ["student", "plain"])
    assert isinstance(found, Pair)
    return found


@pytest.mark.parametrize("measure", ["srcc", "plcc", "rmse"])
def test_the_difference_is_that_of_two_models_of_one_run(measure: str) -> None:
    """What the report says of student and plain, `vq diff` says of two revisions' students."""
    rated = Rated(np.array(CONTENTS), MOS, {"student": GOOD, "plain": BAD}, {})
    curves = {name: mapping.fit(scores, MOS) for name, scores in rated.scores.items()}
    expected = summarise(
        rated,
        curves,
        opinion="nobody's",
        bootstrap=BOOTSTRAP,
    )

    found = difference(pair(predictions(BAD), predictions(GOOD)), "student", measure, BOOTSTRAP)

    values = {name: expected["models"][name][measure]["value"] for name in ("student", "plain")}
    assert found.value == pytest.approx(values["student"] - values["plain"], abs=1e-5)
    assert found.excludes(0.0)
    if measure == "srcc":
        told = expected["differences"]["student-plain"]
        assert [found.low, found.high] == pytest.approx([told["low"], told["high"]], abs=1e-5)


def test_the_same_student_differs_by_nothing() -> None:
    """To the bit: the resamples are the same."""
    found = difference(pair(predictions(BAD), predictions(BAD)), "student", "srcc", BOOTSTRAP)

    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_pairing_sees_what_single_intervals_do_not() -> None:
    """A small gain on every content is beyond noise, although both intervals are wide."""
    better = BAD + 0.15 * (MOS - BAD)

    found = difference(pair(predictions(BAD), predictions(better)), "student", "rmse", BOOTSTRAP)

    assert found.high < 0


def test_videos_that_both_have_are_compared() -> None:
    """Against the ratings after the change; and that they are not all is known."""
    relabelled = MOS + np.eye(30)[0]
    some = pair(predictions(BAD), predictions(GOOD, rows=slice(3, None)))
    others = pair(predictions(BAD), predictions(GOOD, mos=relabelled))

    assert (len(some.rows), some.same) == (27, False)
    assert (len(others.rows), others.same) == (30, False)
    assert others.rows["mos"].iloc[0] == pytest.approx(relabelled[0])
    assert pair(predictions(BAD), predictions(GOOD)).same


def test_other_videos_are_not_compared() -> None:
    """One content in common says nothing of noise."""
    found = join(
        predictions(BAD, rows=slice(0, 18)), predictions(BAD, rows=slice(15, 30)), ["student"]
    )

    assert found == "the two have fewer than two validation contents in common"


def test_a_model_that_one_of_them_lacks_is_left_out() -> None:
    """A baseline may be new."""
    assert set(pair(predictions(BAD), predictions(GOOD)).maps) == {"student_old", "student_new"}


def test_a_file_of_another_kind_is_refused() -> None:
    """The message says who writes the right one."""
    with pytest.raises(DataError, match="what `evaluate` writes"):
        join(b"a,b\n1,2\n", predictions(BAD), ["student"])
