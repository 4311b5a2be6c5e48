"""The benchmark of extraction, on clips that it makes."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import extraction
from vq import params
from vq.params import Expert
from vq.zoo import catalog


@pytest.mark.slow
def test_parts_are_compared_with_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part costs something, and the peak of one video does not grow with its length."""
    chosen = yaml.safe_load(Path("params.yaml").read_text())
    names = ("picture_statistics", "distortion")
    chosen["extract"]["experts"] = {name: chosen["extract"]["experts"][name] for name in names}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(chosen))
    arguments = ["--out", str(tmp_path / "out"), "--params", str(tmp_path / "params.yaml")]

    extraction.main([*arguments, "--small", "--lengths", "1", "2"])

    found = json.loads((tmp_path / "out" / "extraction.json").read_text())
    parts = found["inference_cpu_s"]
    assert set(parts) == {*names, "views"}
    assert found["ideal_s"] * found["jobs"] == pytest.approx(
        found["decode_cpu_s"] + sum(parts.values())
    )
    assert found["run"]["cpu_s"] > found["ideal_s"]
    assert found["networks"]["distortion"]["apart"] < 1e-4
    short, long = (found["memory_mb"][f"720p {seconds} s"] for seconds in (1, 2))
    assert short > 50
    assert long < short + 30
    assert "without the start" in capsys.readouterr().out


def test_rounding_is_measured_against_number_and_spread() -> None:
    """2049 lies half-way between two numbers of half precision: off by 1, of a spread of 1."""
    settings = params.load(Path("params.yaml")).extract
    expert = catalog.create("distortion", Expert(), clip_frames=settings.clip_frames)

    found = extraction.rounding(
        {"distortion": np.array([[2049.0], [2047.0]])}, {"distortion": expert}
    )

    assert found["distortion"]["relative"] == pytest.approx(1 / 2049)
    assert found["distortion"]["of_spread"] == pytest.approx(1)
