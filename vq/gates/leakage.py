"""What a student has learnt from, so that nobody judges it by that."""

from pathlib import Path

import pandas as pd

COLUMNS = ("content", "sha256")


def trained_on(accepted: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Content and hash of every video of train and validation.

    Of a content that has two sides, which no split of ours gives, the videos count as learnt, and
    as test.
    """
    return _videos(accepted, splits[splits["split"] != "test"])


def read(path: Path) -> pd.DataFrame:
    """What a version has learnt from, as its file `training.csv` says; names may be numbers."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_videos(accepted: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Content and hash of every video of the test."""
    return _videos(accepted, splits[splits["split"] == "test"])


def leaked(test: pd.DataFrame, trained_on: pd.DataFrame) -> pd.DataFrame:
    """The test videos that were learnt from: by the name of their content, or as the same file.

    Names alone would miss a file that was taken in again under another name, hashes alone another
    version of the same source.
    """
    return test[
        test["content"].isin(trained_on["content"]) | test["sha256"].isin(trained_on["sha256"])
    ]


def _videos(accepted: pd.DataFrame, side: pd.DataFrame) -> pd.DataFrame:
    rows = accepted.loc[accepted["content"].isin(side["content"]), list(COLUMNS)]
    return rows.sort_values(list(COLUMNS), ignore_index=True)
