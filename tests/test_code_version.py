"""The code of the library, as a hash."""

from pathlib import Path

import pytest

from vq import code_version


def test_the_code_is_part_of_what_a_checkpoint_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that other code made are not passed off as this one's."""
    (tmp_path / "losses.py").write_text("weight = 1\n")
    monkeypatch.setattr(code_version, "__file__", str(tmp_path / "source.py"))

    before = code_version.digest()
    assert code_version.digest() == before
    (tmp_path / "losses.py").write_text("weight = 2\n")

    assert code_version.digest() != before
