"""The cache: complete shards or none, one writer at a time."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vq.errors import BusyError, VqError
from vq.features.cache import Cache, Stored

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)


def test_what_is_written_is_read_in_the_order_asked_for(tmp_path: Path) -> None:
    """Over several shards; None for a video that is not there."""
    cache = Cache(tmp_path / "cache")
    half = np.arange(6, dtype=np.float16).reshape(2, 3)
    cache.write("key-1", {ONE: half, TWO: half + 1})
    cache.write("key-1", {THREE: half + 2})

    first, none, last = cache.read("key-1", [THREE, "f" * 64, ONE])

    assert none is None
    np.testing.assert_array_equal(first, half + 2)
    np.testing.assert_array_equal(last, half)
    assert last.dtype == np.float16
    assert cache.where("key-1").keys() == {ONE, TWO, THREE}
    assert cache.where("key-2").keys() == set()


def test_stored_arrays_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    """A million videos fit in no memory; a shard that has gone meanwhile is named."""
    cache = Cache(tmp_path / "cache")
    array = np.arange(6, dtype=np.uint8)
    kept, lost = cache.write("key-1", {ONE: array}), cache.write("key-1", {TWO: array + 1})
    stored = Stored([(cache.where("key-1")[sha], sha) for sha in (TWO, ONE)])

    np.testing.assert_array_equal(stored[0], array + 1)
    lost.unlink()

    assert kept.exists()
    assert len(stored) == 2
    np.testing.assert_array_equal(stored[1:][0], array)
    with pytest.raises(VqError, match=rf"{lost.name}: cannot be read"):
        stored[0]


def test_the_same_videos_make_the_same_file(tmp_path: Path) -> None:
    """Name and bytes depend on what is in a shard, not on the order it came in."""
    array = np.ones((2, 3), np.float32)
    one = Cache(tmp_path / "a").write("key-1", {ONE: array, TWO: array * 2})
    two = Cache(tmp_path / "b").write("key-1", {TWO: array * 2, ONE: array})

    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


def test_a_second_writer_is_told_at_once_who_the_first_is(tmp_path: Path) -> None:
    """It does not wait, and it names the process."""
    with (
        Cache(tmp_path / "cache").hold(),
        pytest.raises(BusyError, match=rf"cache: process {os.getpid()} is writing"),
        Cache(tmp_path / "cache").hold(),
    ):
        pass
    with Cache(tmp_path / "cache").hold():
        pass


def test_what_a_killed_writer_left_goes(tmp_path: Path) -> None:
    """Half-written files do not pile up; whole ones stay."""
    cache = Cache(tmp_path / "cache")
    shard = cache.write("key-1", {ONE: np.ones(3, np.float32)})
    left = shard.with_name("0123.99.part")
    left.write_bytes(b"half")

    with cache.hold():
        pass

    assert not left.exists()
    assert shard.exists()


def test_nothing_lies_in_the_cache_but_shards(tmp_path: Path) -> None:
    """The folder is hashed by dvc: a lock or a process number in it would change its hash."""
    cache = Cache(tmp_path / "cache")
    with cache.hold():
        shard = cache.write("key-1", {ONE: np.ones(3, np.float32)})
        assert [path for path in cache.root.rglob("*") if path.is_file()] == [shard]


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    """Whoever reads the message can delete the file."""
    cache = Cache(tmp_path / "cache")
    shard = cache.write("key-1", {ONE: np.ones(300, np.float32)})
    shard.write_bytes(shard.read_bytes()[:-100])

    with pytest.raises(VqError, match=rf"{shard.name}: cannot be read .*delete this file"):
        cache.read("key-1", [ONE])


def test_a_limit_on_file_size_leaves_nothing_half_written(tmp_path: Path) -> None:
    """A full disk and a quota look alike: what was there stays, the message says what to do."""
    code = f"""
        import resource, signal
        import numpy as np
        from pathlib import Path
        from vq.errors import VqError
        from vq.features.cache import Cache, Stored

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        cache = Cache(Path({str(tmp_path / "cache")!r}))
        cache.write("key-1", {{"{ONE}": np.ones(10, np.float32)}})
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            cache.write("key-1", {{"{TWO}": np.ones(100_000, np.float32)}})
        except VqError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )

    assert "0.4 MB could not be written, the disk is full" in done.stdout
    assert "run again: it resumes" in done.stdout
    assert Cache(tmp_path / "cache").where("key-1").keys() == {ONE}
    assert not list(tmp_path.rglob("*.part"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_nothing_half_written(small_disk: Path) -> None:
    """What was there stays; once there is space, the same call succeeds."""
    cache = Cache(small_disk / "cache")
    cache.write("key-1", {ONE: np.ones(10, np.float32)})
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(800_000))

    with pytest.raises(VqError, match=r"\.safetensors: 0\.4 MB could not be .*disk is full"):
        cache.write("key-1", {TWO: np.ones(100_000, np.float32)})

    assert not list(small_disk.rglob("*.part"))
    assert cache.where("key-1").keys() == {ONE}
    ballast.unlink()
    cache.write("key-1", {TWO: np.ones(100_000, np.float32)})
    assert cache.where("key-1").keys() == {ONE, TWO}
