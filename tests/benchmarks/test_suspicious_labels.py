"""The benchmark of labels that look wrong, on a file that is made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.suspicious_labels import KINDS, main, plant

MakeFile = Callable[..., Path]


def test_as_many_of_each_kind_are_planted_and_no_other_label_moves() -> None:
    """5 % of 400: five of each kind, even for the sake of pairs, so four; all stay on the scale."""
    mos = np.random.default_rng(0).uniform(1, 5, 400)

    wrong, kind = plant(mos, (1, 5), share=0.05, rng=np.random.default_rng(1))

    assert [int((kind == name).sum()) for name in KINDS] == [4] * 4
    np.testing.assert_array_equal(wrong[kind == ""], mos[kind == ""])
    assert set(wrong[kind == "swapped"]) == set(mos[kind == "swapped"])
    np.testing.assert_allclose(wrong[kind == "flipped"], 6 - mos[kind == "flipped"])
    np.testing.assert_allclose(np.abs(wrong - mos)[kind == "shifted"], 1.5)
    assert wrong.min() >= 1
    assert wrong.max() <= 5


def test_what_was_planted_is_looked_for(
    make_file: MakeFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row for each video, seed and share; the table is of one half."""
    out = tmp_path / "out"

    main([str(make_file()), "--predictor", "constant", "--seeds", "2", "--out", str(out)])

    rows = pd.read_csv(out / "rows.csv", keep_default_na=False)
    assert len(rows) == 60 * 2 * 3
    assert set(rows["half"]) == {"tune", "report"}
    assert rows["z"].ge(0).all()
    assert "listed honest" in " ".join(capsys.readouterr().out.split())
