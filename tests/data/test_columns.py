"""Columns of a data set: which there are, and what they are for."""

from pathlib import Path

import pytest

from vq.data import columns
from vq.errors import DataError


def test_what_is_used_is_carried_along(tmp_path: Path) -> None:
    """Each column once, save those of the probe; nobody has to list them a second time."""
    path = tmp_path / "columns.yaml"
    path.write_text(
        "slices: [damage, codec]\n"
        "order: {film: film, ladder: damage, strength: crf, apart: 1}\n"
        "keep: [mos_low, film]\n"
    )

    named = columns.load(path)

    assert named.carried == ("damage", "film", "crf", "mos_low")
    assert named.sliced_by(["codec", "height"]) == ("damage", "codec", "height")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slice: [a]", r"slice: unknown key.*has slices, order, keep"),
        ("order: {film: film}", r"order\.ladder: .*equired"),
        ("- a", r"columns\.yaml: "),
    ],
    ids=["unknown-key", "half-an-order", "no-mapping"],
)
def test_what_is_wrong_with_them_is_named(tmp_path: Path, text: str, message: str) -> None:
    """File and key, in a sentence."""
    path = tmp_path / "columns.yaml"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        columns.load(path)
