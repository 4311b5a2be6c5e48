"""Parts of stages, done by whoever, before the stage itself runs."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.features import assert_same_features
from tests.workspace import copy_workspace
from vq import beacon, spread
from vq.errors import VqError
from vq.lock import hold
from vq.workspace import files_of


def do_all(root: Path, stage: str) -> int:
    """Do every part as another process would: it gets a copy of it. Returns how many there were."""
    count = 0
    with hold(root), spread.rounds(root, stage, jobs=2) as rounds:
        for parts in rounds:
            for part in pickle.loads(pickle.dumps(parts)):
                part.do()
            count += len(parts)
    return count


@pytest.mark.slow
def test_parts_of_extract_give_what_the_stage_gives(tiny_workspace: Path, tmp_path: Path) -> None:
    """Bit for bit, whoever had which shard; the stage finds everything, and so do parts."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    shutil.rmtree(root / "artifacts" / "cache")

    assert do_all(root, "extract") > 1
    assert do_all(root, "extract") == 0

    assert_same_features(root, tiny_workspace)


@pytest.mark.slow
def test_parts_of_prune_are_the_trials_that_it_needs(tiny_workspace: Path, tmp_path: Path) -> None:
    """Round by round, until none is lacking; the stage then says what it said before."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    files = files_of(root, "prune")
    shutil.rmtree(files["trials"])

    assert do_all(root, "prune") > 1
    assert do_all(root, "prune") == 0

    kept = {path.name for path in files["trials"].rglob("*.json")}
    assert kept == {
        path.name for path in files_of(tiny_workspace, "prune")["trials"].rglob("*.json")
    }


def test_what_has_no_parts_is_left_to_the_stage(tmp_path: Path) -> None:
    """Training is one piece."""
    with spread.rounds(tmp_path, "teach", jobs=2) as rounds:
        assert list(rounds) == []


def test_a_machine_that_sees_another_folder_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its features would be written where nobody finds them."""
    monkeypatch.setattr(beacon, "PATIENCE_SECONDS", 0.1)
    with beacon.lit(tmp_path / "light") as light:
        light.check()
        (tmp_path / "light").write_text("of another workspace")

        with pytest.raises(VqError, match=r"light is not there.* shared file system"):
            light.check()


def test_a_machine_with_other_code_says_so(tmp_path: Path) -> None:
    """Results of two versions would be mixed."""
    with (
        beacon.lit(tmp_path / "light") as light,
        pytest.raises(VqError, match="runs another version of vq"),
    ):
        replace(light, code="older").check()

    assert not (tmp_path / "light").exists()
