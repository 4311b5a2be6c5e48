"""The picture of the gating network, from tables as the pipeline writes them."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.gate import main


def test_importances_are_averaged_over_the_validation_videos_of_a_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two noisy videos of validation, .8 and .6, make .70; one of test takes no part."""
    pd.DataFrame(
        {
            "video": ["a", "b", "c", "d"],
            "split": ["validation", "validation", "validation", "test"],
            "importance_sharp": [0.2, 0.4, 0.9, 0.0],
            "importance_grain": [0.8, 0.6, 0.1, 1.0],
        }
    ).to_csv(tmp_path / "predictions.csv", index=False)
    pd.DataFrame(
        {"video": list("abcd"), "distortion": ["noise", "noise", "blur", "noise"]}
    ).to_parquet(tmp_path / "accepted.parquet")

    main(
        [
            "--predictions", str(tmp_path / "predictions.csv"),
            "--accepted", str(tmp_path / "accepted.parquet"),
            "--out", str(tmp_path / "gate.svg"),
        ]
    )  # fmt: skip

    lines = capsys.readouterr().out.split("\n")
    assert lines[2].split() == ["blur", "0.90", "0.10"]
    assert lines[3].split() == ["noise", "0.30", "0.70"]
    assert "noise" in (tmp_path / "gate.svg").read_text()
