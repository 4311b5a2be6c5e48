"""What a student has learnt from."""

from pathlib import Path

import pandas as pd

from vq.gates import leakage

ACCEPTED = pd.DataFrame(
    {
        "video": ["1", "2", "3", "4"],
        "content": ["dog", "ape", "bee", "bee"],
        "sha256": ["d", "a", "b", "c"],
    }
)
SPLITS = pd.DataFrame({"content": ["ape", "bee", "dog"], "split": ["train", "test", "validation"]})


def test_validation_is_learnt_from_too() -> None:
    """It chose the epoch and the experts."""
    assert list(leakage.trained_on(ACCEPTED, SPLITS)["sha256"]) == ["a", "d"]
    assert list(leakage.test_videos(ACCEPTED, SPLITS)["sha256"]) == ["b", "c"]


def test_seen_is_seen_by_name_or_by_file() -> None:
    """Either one is enough."""
    test = leakage.test_videos(ACCEPTED, SPLITS)
    learnt = pd.DataFrame({"content": ["bee", "x"], "sha256": ["y", "b"]})

    assert list(leakage.leaked(test, learnt)["sha256"]) == ["b", "c"]
    assert list(leakage.leaked(test, learnt.iloc[1:])["sha256"]) == ["b"]
    assert leakage.leaked(test, leakage.trained_on(ACCEPTED, SPLITS)).empty


def test_a_name_is_a_text(tmp_path: Path) -> None:
    """Contents may be called 007, 1 or NA, and are the same in the file of a version."""
    names = pd.DataFrame({"content": ["007", "1", "NA"], "sha256": ["a", "b", "c"]})
    names.to_csv(tmp_path / "training.csv", index=False)

    assert leakage.leaked(names, leakage.read(tmp_path / "training.csv")).equals(names)
