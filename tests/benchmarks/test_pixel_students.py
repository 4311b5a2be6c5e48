"""Students that see pixels, on a workspace that is there."""

import json
from pathlib import Path

import pytest

from benchmarks import pixel_students
from tests.workspace import copy_workspace


@pytest.mark.slow
def test_a_change_of_the_views_is_compared_on_validation(
    tiny_workspace: Path, tmp_path: Path
) -> None:
    """Each variant has a student a seed; the first differs from itself by nothing."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    how = ["--seeds", "1", "--jobs", "1", "--students", "plain", "--out", str(tmp_path / "out")]

    pixel_students.main(
        ["--at", str(root), *how, "--set", "seen less=extract.views.grid=2,student.epochs=1"]
    )

    found = json.loads((tmp_path / "out" / "pixel_students.json").read_text())
    assert [one["variant"] for one in found["trained"]] == ["as it is", "seen less"]
    base, changed = found["compared"]
    assert base["more"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert changed["more"]["value"] == pytest.approx(changed["srcc"] - base["srcc"])


def test_a_misspelt_knob_is_named(tmp_path: Path) -> None:
    """Before anything is trained."""
    (tmp_path / "params.yaml").write_text(Path("params.yaml").read_text())

    with pytest.raises(SystemExit, match=r"wrong: extract\.views\.slak: unknown key"):
        pixel_students.main(
            ["--at", str(tmp_path), "--out", str(tmp_path), "--set", "wrong=extract.views.slak=1"]
        )
