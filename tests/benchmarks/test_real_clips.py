"""The benchmark on real clips takes every file of weights for which there is a network."""

from pathlib import Path

import pytest

from benchmarks.real_clips import with_zoo
from vq import params

PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_each_file_becomes_an_expert(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of timm by its name, S-CNN by the catalog; what is neither is said."""
    caplog.set_level("INFO")
    names = ("mobilenetv2_100.birds.safetensors", "scnn_distortion.pth", "strange.safetensors")
    for name in names:
        (tmp_path / name).write_bytes(b"weights")
    known = params.load(PARAMS)

    experts = with_zoo(known, tmp_path).extract.experts

    added = {name: expert for name, expert in experts.items() if name not in known.extract.experts}
    assert set(added) == {"mobilenetv2_100_birds", "scnn"}
    assert added["mobilenetv2_100_birds"].options == {"pad_type": "same"}
    assert "strange.safetensors: left out" in caplog.text
