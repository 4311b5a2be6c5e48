"""Parts of stages, done by whoever, before the stage itself runs."""

import pickle
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.same_features import assert_same_features
from tests.scoring.toy import random_network, write_bundle, write_video
from tests.workspace import copy_workspace
from vq.errors import VqError
from vq.pipeline import distributed
from vq.pipeline.run_stages import files_of
from vq.pipeline.workspace_lock import hold
from vq.scoring import batch
from vq.scoring.formats import read
from vq.scoring.shards import Shard, Shards
from vq.workers import handshake


def do_all(root: Path, stage: str) -> int:
    """Do every part as another process would: it gets a copy of it. Returns how many there were."""
    count = 0
    with hold(root), distributed.rounds(root, stage, jobs=2) as rounds:
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


def test_shards_of_a_list_have_the_rows_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the time they took; a shard that is scored twice changes nothing."""
    write_bundle(tmp_path / "student", *random_network(7))
    for number in range(4):
        write_video(tmp_path / "uploads" / f"{number}.mkv", level=lambda n, k=number: 20 * k + n)
    (tmp_path / "uploads" / "broken.mkv").write_bytes(b"no video")
    monkeypatch.chdir(tmp_path)

    def others(shards: Shards, todo: Sequence[Shard]) -> None:
        with distributed.scores(shards, todo, jobs=2) as rounds:
            for parts in rounds:
                assert len(parts) > 1
                monkeypatch.chdir("/")  # as on another machine
                for part in pickle.loads(pickle.dumps([*parts, parts[0]])):
                    part.do()
                monkeypatch.chdir(tmp_path)

    for output, elsewhere in (("one.csv", None), ("many.csv", others)):
        inputs = ["uploads", "nobody.mkv"]
        batch.score(inputs, output, model="student", scratch=Path("kept"), elsewhere=elsewhere)

    one, many = (
        [replace(row, seconds=0.0) for row in read(Path(name), "csv")]
        for name in ("one.csv", "many.csv")
    )
    assert [row.status for row in one] == ["ok"] * 4 + ["unreadable", "missing"]
    assert one == many
    assert list(Path("kept/shards").iterdir()) == []


def test_what_has_no_parts_is_left_to_the_stage(tmp_path: Path) -> None:
    """Training is one piece."""
    with distributed.rounds(tmp_path, "teach", jobs=2) as rounds:
        assert list(rounds) == []


def test_a_machine_that_sees_another_folder_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its features would be written where nobody finds them."""
    monkeypatch.setattr(handshake, "PATIENCE_SECONDS", 0.1)
    with handshake.offered(tmp_path / "file") as offer:
        offer.check()
        (tmp_path / "file").write_text("of another workspace")

        with pytest.raises(VqError, match=r"file is not there.* shared file system"):
            offer.check()


def test_a_machine_with_other_code_says_so(tmp_path: Path) -> None:
    """Results of two versions would be mixed."""
    with (
        handshake.offered(tmp_path / "file") as offer,
        pytest.raises(VqError, match="runs another version of vq"),
    ):
        replace(offer, code="older").check()

    assert not (tmp_path / "file").exists()
