"""Expectations that are taken from one version hold of it, and not of one that differs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from vq.data import manifest
from vq.validation import expectations, profile
from vq.validation.gx_runner import documented

RNG = np.random.default_rng(7)
SHARES = {"h264": 60, "hevc": 30, "vp9": 10}
VERSION = manifest.build(
    [
        {"video": str(row), "mos": mos, "fps": 25.0, "height": height, "codec": codec}
        for row, (mos, height, codec) in enumerate(
            zip(
                RNG.uniform(1, 5, 100),
                RNG.choice([240, 360], 100),
                [codec for codec, times in SHARES.items() for _ in range(times)],
                strict=True,
            )
        )
    ]
)
COLUMNS = ("mos", "fps", "height", "codec", "hdr")


def failures(folder: Path, rows: pd.DataFrame) -> list[str]:
    """Names of what does not hold of another version."""
    stated = profile.expectations(VERSION, COLUMNS, tolerance=0.1, divergence=0.1)
    file = folder / "expectations.yaml"
    file.write_text(yaml.safe_dump(stated))
    with documented(None) as suites:
        outcome = expectations.run(suites, rows, expectations.load(file, rows.columns))
    return [sentence.removeprefix(f"{file}: ").split(",")[0] for sentence in outcome.failures]


def test_a_version_is_as_it_was(tmp_path: Path) -> None:
    """The same rows; rows that are ten times as many; nine of ten of them."""
    for rows in (VERSION, pd.concat([VERSION] * 10), VERSION.sample(90, random_state=7)):
        assert failures(tmp_path, rows.reset_index(drop=True)) == []


DIFFERENT = {
    "half-an-upload": (VERSION.iloc[::2].reset_index(drop=True), "rows"),
    "other-scale": (VERSION.assign(mos=VERSION["mos"] * 20), "quantiles of mos"),
    "one-rating-more": (VERSION.assign(mos=VERSION["mos"] + 0.6), "quantiles of mos"),
    "another-rate": (VERSION.assign(fps=30.0), "quantiles of fps"),
    "a-new-codec": (VERSION.replace({"codec": {"vp9": "av1"}}), "values of codec"),
    "one-codec-alone": (VERSION.assign(codec="vp9"), "shares of codec"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_version_that_differs_is_told(tmp_path: Path, name: str) -> None:
    """By what differs."""
    rows, expected = DIFFERENT[name]

    assert expected in failures(tmp_path, rows)


def test_an_empty_column_states_nothing() -> None:
    """There is nothing to hold a next version against."""
    stated = profile.expectations(VERSION, ["hdr", "mos_std"], tolerance=0.1, divergence=0.1)

    assert [one["meta"]["name"] for one in stated] == ["rows"]
