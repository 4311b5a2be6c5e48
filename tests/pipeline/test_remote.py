"""What one machine has made, another gets from the remote."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.workspace import commit, copy_workspace, run
from vq.pipeline import remote, run_stages

PIPELINE = """\
stages:
  sort:
    cmd: sort -r numbers > sorted
    deps: [numbers]
    outs: [sorted]
  halve:
    cmd: mkdir -p halves && head -n 5 sorted > halves/high && tail -n 5 sorted > halves/low
    deps: [sorted]
    outs: [halves]
"""
SHARED = "../../shared"
"""A folder beside the workspace, seen from the folder of dvc's settings."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in which all has run and is in git; it has no remote."""
    root = tmp_path / "mine"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvc/config").touch()
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "numbers").write_text("\n".join(map(str, range(10))))
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    for stage in ("sort", "halve"):
        run_stages.run(root, stage)
    commit(root, "A run")
    return root


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """A server that speaks the protocol of S3: its address, and the address of a bucket in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="team")
        yield address, "s3://team/vq"
    finally:
        server.stop()


def use(root: Path, url: str, endpoint: str = "") -> None:
    """Set the default remote of a workspace, as the colleagues have it from git."""
    lines = ["[core]", "    remote = team", "['remote \"team\"']", f"    url = {url}"]
    lines += [f"    endpointurl = {endpoint}"] if endpoint else []
    (root / ".dvc/config").write_text("\n".join(lines) + "\n")
    commit(root, "A remote")


def clone(root: Path) -> Path:
    """What a colleague has after `git clone`."""
    run(root, "git", "clone", "--quiet", ".", "../theirs")
    return root.parent / "theirs"


def stale(root: Path) -> list[str]:
    """Why any stage would run."""
    return [why for stage in run_stages.stages(root) for why in run_stages.stale(root, stage)]


def test_a_colleague_has_nothing_left_to_do(root: Path) -> None:
    """After `git clone` and one pull every stage is up to date; a second pull brings nothing."""
    use(root, SHARED)

    assert remote.push(root) == 4  # sorted, two halves, and the list of them
    assert remote.push(root) == 0
    theirs = clone(root)

    assert stale(theirs)
    assert remote.pull(theirs) == 4
    assert remote.pull(theirs) == 0
    assert stale(theirs) == []
    assert (theirs / "halves/low").read_text() == "4\n3\n2\n1\n0\n"


@pytest.mark.slow
def test_a_clone_pulls_the_whole_pipeline_from_s3(
    tiny_workspace: Path, bucket: tuple[str, str], tmp_path: Path
) -> None:
    """By `dvc pull` alone: features and all that came of them, and nothing is left to do."""
    root = copy_workspace(tiny_workspace, tmp_path / "mine")
    endpoint, url = bucket
    use(root, url, endpoint)

    remote.push(root)
    theirs = clone(root)
    assert not (theirs / "artifacts").exists()
    run(theirs, "dvc", "pull")

    assert "up to date" in run(theirs, "dvc", "repro", "--dry").stdout
    assert (theirs / "artifacts/features.json").exists()


def test_without_a_remote_nothing_is_shared(root: Path) -> None:
    """It is no error: a workspace on one machine needs none."""
    shutil.rmtree(root / "halves")

    assert (remote.push(root), remote.pull(root)) == (0, 0)
    assert not (root / "halves").exists()


def test_what_is_here_stays_as_it_is(root: Path) -> None:
    """A killed run leaves an out that is not what dvc.lock says: its work is not thrown away."""
    use(root, SHARED)
    remote.push(root)
    (root / "halves/middle").write_text("unfinished")
    (root / "sorted").unlink()

    remote.pull(root)

    assert (root / "sorted").exists()
    assert (root / "halves/middle").read_text() == "unfinished"


def test_what_the_remote_lacks_is_left_to_its_stage(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it; all else comes."""
    use(root, SHARED)
    remote.push(root)
    (md5,) = {line for line in (root / "dvc.lock").read_text().split() if line.endswith(".dir")}
    (root.parent / "shared/files/md5" / md5[:2] / md5[2:]).unlink()
    theirs = clone(root)

    remote.pull(theirs)

    assert (theirs / "sorted").exists()
    assert "halves: not in the remote either" in caplog.text
    assert [why for why in stale(theirs) if "sorted" in why] == []


def test_a_remote_that_cannot_be_used_is_named(root: Path) -> None:
    """A flow that could not share its work must not end as if it had."""
    use(root, "/proc/nowhere")

    with pytest.raises(OSError, match="nowhere"):
        remote.push(root)
