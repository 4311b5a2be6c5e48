"""Processes that train together."""

from pathlib import Path

import pytest

from vq import cli
from vq.training import torchrun

SECOND = {"TORCHELASTIC_RUN_ID": "r", "RANK": "1", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}
"""What torchrun tells the second of four processes on two machines."""


def test_without_torchrun_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes; a rank that something else has set changes nothing."""
    monkeypatch.setenv("RANK", "3")

    assert (torchrun.world_size(), torchrun.local_world_size(), torchrun.is_first()) == (1, 1, True)


def test_only_the_first_of_several_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All come to the same weights."""
    for name, value in SECOND.items():
        monkeypatch.setenv(name, value)
    assert (torchrun.world_size(), torchrun.local_world_size()) == (4, 2)
    assert not torchrun.is_first()
    monkeypatch.setenv("RANK", "0")
    assert torchrun.is_first()


def test_a_stage_that_does_not_train_refuses_company(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four processes would write the same files at once."""
    for name, value in SECOND.items():
        monkeypatch.setenv(name, value)

    names = ("accepted", "fingerprints", "splits", "near_duplicates")
    assert cli.main(["split", *(str(tmp_path / name) for name in names)]) == 1
    assert "split runs in one process" in capsys.readouterr().err
