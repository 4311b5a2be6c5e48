"""`vq zoo` names every expert of the catalog, for people and for machines."""

import json

import pytest

from vq import cli
from vq.zoo.catalog import CATALOG


def test_the_table_has_every_name_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is cut off cannot be copied into params.yaml, not even on 80 columns."""
    assert cli.main(["zoo"]) == 0

    shown = capsys.readouterr().out
    assert [name for name in CATALOG if name not in shown] == []


def test_machines_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind, tags and dimension of each."""
    assert cli.main(["zoo", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(CATALOG)
    assert found["spatial_statistics"]["dim"] == 36
    assert found["temporal_statistics"]["kind"] == "clip"
