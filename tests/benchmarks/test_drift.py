"""The benchmark of drift, on a manifest of a few contents."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import drift
from vq.data import manifest


def test_alarms_are_counted_by_what_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each kind of look; what nobody changed does not alarm."""
    rng = np.random.default_rng(0)
    rows = [
        {"video": f"{n}.mp4", "content": str(n), "mos": rng.normal(), "codec": "h264"}
        for n in range(50)
    ]
    manifest.write(manifest.build(rows), tmp_path / "accepted.parquet")

    drift.main(
        ["--manifest", str(tmp_path / "accepted.parquet"), "--looks", "3", "--sizes", "200:200"]
    )

    nothing, _, _, recoded = capsys.readouterr().out.splitlines()
    assert nothing.startswith(
        "200 contents, one of each, 200 recent, nothing: as params say 0.0000"
    )
    assert "recoded: as params say 1.0000" in recoded
