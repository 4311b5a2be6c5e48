"""Features with MOS that are made up, and a recipe that is short."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

MakeFile = Callable[..., Path]


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """Write 60 videos: experts that see the MOS through noise, one of them not everywhere."""

    def make(name: str = "made_up", *, groups: int = 0, **other: np.ndarray) -> Path:
        rng = np.random.default_rng(0)
        mos = rng.uniform(1, 5, 60)
        blocks = {
            name: (mos[:, None] + rng.normal(size=(60, width))).astype("f")
            for name, width in {"sharp": 3, "dover_technical": 1, "dover_aesthetic": 1}.items()
        }
        blocks["sharp"][7] = np.nan
        cheap = (mos[:, None] + 2 * rng.normal(size=(60, 5))).astype("f")
        group = {"group": np.array([f"source{n % groups}" for n in range(60)])} if groups else {}
        path = tmp_path / f"{name}.npz"
        names = np.array([f"video{n}" for n in range(60)])
        np.savez(
            path,
            **{"names": names, "mos": mos, "cheap_light": cheap, "fr_all": mos[:, None]}
            | blocks
            | group
            | other,
        )
        return path

    return make


@pytest.fixture
def short(tmp_path: Path) -> str:
    """The params of the project, with a teacher that trains for three epochs."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["teach"]["epochs"] = 3
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(params))
    return str(path)
