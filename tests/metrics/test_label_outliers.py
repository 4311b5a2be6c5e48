"""Which labels look wrong: worked out by hand, or on noise whose spread is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from vq.data import manifest
from vq.files import write_csv
from vq.metrics.label_outliers import COLUMNS, FEWEST, listed, standard_error, standing


def test_distances_are_in_robust_standard_deviations() -> None:
    """-2, -1, 0, 1, 12: the median is 0, that of the distances 1, which a normal has at .6745."""
    z = standing(np.array([-2.0, -1, 0, 1, 12]), np.full(5, np.nan))

    np.testing.assert_allclose(z, 0.67449 * np.array([-2, -1, 0, 1, 12]), rtol=1e-4)


def test_a_model_that_is_always_too_high_makes_nobody_suspicious() -> None:
    """The median distance is the model's; where all are alike, nothing is unusual."""
    np.testing.assert_array_equal(standing(np.full(9, 0.7), np.full(9, np.nan)), np.zeros(9))


def test_an_uncertain_label_is_not_a_wrong_one() -> None:
    """Of two as far off, the one of two raters counts less; the model's error is told apart."""
    rng = np.random.default_rng(0)
    error = np.where(np.arange(4000) < 2000, 0.1, 1.0)
    residual = rng.normal(0, np.hypot(0.5, error))

    z = standing(residual, error)

    for half in (z[:2000], z[2000:]):
        assert abs(half.std() - 1) < 0.08
    np.testing.assert_allclose(residual[:2000].std() / z[:2000].std(), np.hypot(0.5, 0.1), rtol=0.1)


def test_where_labels_alone_explain_the_distances_the_model_errs_by_nothing() -> None:
    """Half of the distances are inside: z is distance over error, not more."""
    z = standing(np.array([-0.1, 0.0, 0.1, 3.0]), np.ones(4))

    np.testing.assert_allclose(z, [-0.15, -0.05, 0.05, 2.95], rtol=1e-4)


def test_the_error_of_a_rating_needs_deviation_and_number() -> None:
    """1 over the root of 25 is .2; where either is missing, nobody knows."""
    given = [(1.0, 25), (1.0, None), (None, 25), (1.0, 0)]
    rows = manifest.build([{"mos_std": std, "ratings": count} for std, count in given])

    np.testing.assert_array_equal(standard_error(rows), [0.2, np.nan, np.nan, np.nan])


def videos(count: int, dataset: str, unit: float) -> pd.DataFrame:
    """Labels with a little noise; of two that are wrong the second is further off."""
    rng = np.random.default_rng(count)
    mos = rng.normal(50, 20, count) * unit
    expected = mos + rng.normal(0, 1, count) * unit
    expected[0] = mos[0] + 12 * unit
    expected[1] = mos[1] - 15 * unit
    return pd.DataFrame(
        {"video": [f"{dataset}{n}" for n in range(count)], "content": "c", "dataset": dataset,
         "split": "train", "mos": mos, "expected": expected, "error": np.nan}
    )  # fmt: skip


def test_each_set_is_judged_among_its_like_and_the_worst_is_first(tmp_path: Path) -> None:
    """A scale of 100 and one of 1; of too few, nothing is said."""
    rows = pd.concat(
        [videos(200, "wide", 1.0), videos(199, "narrow", 0.01), videos(FEWEST - 1, "few", 1.0)]
    )

    found = listed(rows, z=6.0)

    assert set(found["video"]) == {"wide0", "wide1", "narrow0", "narrow1"}
    assert found["place"].tolist() == [1, 2, 3, 4]
    assert found["z"].abs().is_monotonic_decreasing
    assert found.set_index("video")["z"].map(np.sign).to_dict() == {
        "wide0": -1, "wide1": 1, "narrow0": -1, "narrow1": 1
    }  # fmt: skip
    write_csv(tmp_path / "found.csv", found, digits=3)
    assert list(pd.read_csv(tmp_path / "found.csv")) == COLUMNS


def test_of_nothing_there_is_a_header(tmp_path: Path) -> None:
    """The report reads it all the same."""
    for rows in (videos(5, "few", 1.0), videos(200, "many", 1.0)):
        write_csv(tmp_path / "none.csv", listed(rows, z=1e9), digits=3)
        assert (tmp_path / "none.csv").read_text() == ",".join(COLUMNS) + "\n"
