"""`vq zoo` names every expert of the catalog, for people and for machines."""

import json

import pytest

from vq import cli
from vq.zoo.catalog import CATALOG


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_table_has_every_name_in_full(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is cut off cannot be copied into params.yaml, not even on 80 columns."""
    monkeypatch.setenv("COLUMNS", columns)
    assert cli.main(["zoo"]) == 0

    shown = capsys.readouterr().out.splitlines()
    firsts = [line.split()[0] for line in shown if line and not line.startswith(" ")]
    assert firsts == ["name", *CATALOG]
    assert max(map(len, shown)) <= int(columns)
    line = next(line for line in shown if line.startswith("dinov2_small"))
    assert line.split() == ["dinov2_small", "frame,", "224", "px", "384", "21.6", "49.0"]


@pytest.mark.parametrize("line", ["zoo --json check NAME", "zoo check NAME --json"])
def test_a_check_is_json_wherever_that_is_said(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before `check` or behind it."""
    assert cli.main(line.replace("NAME", "picture_statistics").split()) == 0

    assert json.loads(capsys.readouterr().out)


def test_machines_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind, tags and dimension of each."""
    assert cli.main(["zoo", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(CATALOG)
    assert found["spatial_statistics"]["dim"] == 36
    assert found["temporal_statistics"]["kind"] == "clip"
    assert found["timm"]["dim"] is None
    assert found["s3d"]["input"]["frames"] == 14
    assert found["mae_base"]["licence"] == "CC-BY-NC-4.0"
