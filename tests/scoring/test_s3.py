"""Videos and rows on S3: a server on this machine that speaks its protocol."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import DataError
from vq.scoring import batch, formats, remote
from vq.workers.limits import Limits


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Address of a bucket, for this process and those that it starts."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                environment.setenv(name, "test")
            environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
            environment.setenv("AWS_ENDPOINT_URL", address)
            boto3.client("s3").create_bucket(Bucket="ours")
            yield "s3://ours"
    finally:
        server.stop()


def test_a_bucket_is_scored_into_a_bucket(bucket: str, tmp_path: Path) -> None:
    """As files on disk are: the same scores, a second run finds nothing to do, a new one one."""
    write_bundle(tmp_path / "student", *BRIGHTNESS)
    local = write_video(tmp_path / "a.mkv")
    for name in ("a.mkv", "deep/b.mkv"):
        remote.upload(local, f"{bucket}/in/{name}")
    (tmp_path / "notes").write_text("no video")
    remote.upload(tmp_path / "notes", f"{bucket}/in/broken.mp4")

    def score(*inputs: str) -> batch.Batch:
        return batch.score(
            inputs,
            f"{bucket}/out/rows.parquet",
            model=str(tmp_path / "student"),
            scratch=tmp_path / "scratch",
        )

    first, second = score(f"{bucket}/in"), score(f"{bucket}/in", str(local))

    assert (first.new, second.new) == (3, 2)  # what failed is tried again
    assert remote.download(f"{bucket}/out/rows.parquet", tmp_path / "rows.parquet")
    rows = {row.video: row for row in formats.read(tmp_path / "rows.parquet", "parquet")}
    assert list(rows) == [
        *(f"{bucket}/in/{name}" for name in ("a.mkv", "broken.mp4", "deep/b.mkv")),
        str(local),
    ]
    assert rows[f"{bucket}/in/a.mkv"].score == rows[str(local)].score
    assert rows[f"{bucket}/in/broken.mp4"].status == "unreadable"


def test_what_a_store_refuses_is_told(bucket: str, tmp_path: Path) -> None:
    """A bucket that is not there, an object that is not, one that is too large to fetch."""
    with pytest.raises(DataError, match=r"s3://nobodys/a\.csv: .*bucket"):
        remote.read("s3://nobodys/a.csv")
    gone = remote.fetch(f"{bucket}/gone.mp4", tmp_path / "gone.mp4", Limits())
    assert gone is not None
    assert gone.status == "missing"
    (tmp_path / "big").write_bytes(bytes(3 << 20))
    remote.upload(tmp_path / "big", f"{bucket}/big.mp4")
    big = remote.fetch(f"{bucket}/big.mp4", tmp_path / "big.mp4", Limits(download_mb=1))
    assert big is not None
    assert big.status == "too_large"
