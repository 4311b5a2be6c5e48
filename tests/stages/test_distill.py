"""The distill stage: what a checkpoint may be resumed by."""

from pathlib import Path

import pytest

from vq.stages import distill


def test_the_code_is_part_of_what_a_checkpoint_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that other code made are not passed off as this one's."""
    package = tmp_path / "vq"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "losses.py").write_text("weight = 1\n")
    monkeypatch.setattr(distill.vq, "__file__", str(package / "__init__.py"))

    before = distill.code()
    assert distill.code() == before
    (package / "losses.py").write_text("weight = 2\n")

    assert distill.code() != before
