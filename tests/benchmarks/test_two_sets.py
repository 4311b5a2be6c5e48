"""The benchmark of two data sets, on files that are made up."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks.two_sets import main


def make(path: Path, *, low: float, high: float, seed: int) -> str:
    """Write 60 videos whose blocks see the MOS through noise; one block is this file's alone."""
    rng = np.random.default_rng(seed)
    quality = rng.uniform(size=60)
    blocks = {
        name: (3 * quality[:, None] + rng.normal(size=(60, width))).astype("f")
        for name, width in {"sharp": 3, "dover_technical": 1, path.stem: 2}.items()
    }
    names = np.array([f"video{n}" for n in range(60)])
    np.savez(path, names=names, mos=low + (high - low) * quality, **blocks)
    return str(path)


def test_three_teachers_are_compared_on_the_primary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alone, aligned and pooled, with paired differences, on as many training videos as asked."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["teach"]["epochs"] = 2
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(params))
    files = [
        make(tmp_path / "web.npz", low=1, high=5, seed=0),
        make(tmp_path / "lab.npz", low=0, high=100, seed=1),
    ]
    how = ["--splits", "2", "--labelled", "20", "--params", str(tmp_path / "short.yaml")]

    main([*files, *how])

    table = capsys.readouterr().out
    assert "20 training videos of it, 2 splits" in table
    for name in ("alone", "aligned", "pooled", "aligned - alone", "aligned - pooled"):
        assert f" {name} " in table


def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    """No traceback."""
    with pytest.raises(SystemExit, match=r"^two_sets: .*missing\.npz: no such file"):
        main([str(tmp_path / "missing.npz")] * 2)
