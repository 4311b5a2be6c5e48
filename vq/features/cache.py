"""Features by (video, expert), on disk: written once, never changed.

    root/KEY/DIGEST.safetensors      a shard: one array for each video, by the sha256 of the video
    root.lock  root.pid              beside the root, since dvc hashes what is in it

The name of a shard is a hash of the videos in it. Nothing here needs torch.
"""

import errno
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, overload

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vq.errors import VqError
from vq.workers.lock import hold

log = logging.getLogger(__name__)

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Cache:
    """A folder of shards; several processes may read it, and write different shards."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, arrays: Mapping[str, np.ndarray]) -> Path:
        """Keep one array for each video, as one new shard; it appears complete or not at all.

        Raises:
            VqError: the disk is full, or refuses; nothing half-written is left.
        """
        names = sorted(arrays)
        digest = hashlib.sha256("\n".join(names).encode("ascii")).hexdigest()[:32]
        shard = self.root / key / f"{digest}.safetensors"
        part = shard.with_name(f"{digest}.{token_hex(4)}.part")
        content = save({name: np.ascontiguousarray(arrays[name]) for name in names})
        try:
            shard.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(shard)
            _sync(shard.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise VqError(_refused(shard, len(content), error)) from error
        return shard

    def read(self, key: str, shas: Sequence[str]) -> list[np.ndarray | None]:
        """The array of each video, in the order of `shas`; None where there is none.

        Raises:
            VqError: a shard is damaged.
        """
        where = self.where(key)
        wanted: dict[Path, list[str]] = {}
        for sha in dict.fromkeys(shas):
            if sha in where:
                wanted.setdefault(where[sha], []).append(sha)
        arrays: dict[str, np.ndarray] = {}
        for shard, names in wanted.items():
            with _opened(shard) as file:
                arrays.update((name, file.get_tensor(name)) for name in names)
        return [arrays.get(sha) for sha in shas]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the one who writes; what killed writers left half-written is removed first.

        Raises:
            BusyError: another process holds the cache; the message has its number.
        """
        self.root.parent.mkdir(parents=True, exist_ok=True)
        lock, holder = (self.root.with_name(f"{self.root.name}.{end}") for end in ("lock", "pid"))

        def busy(number: str) -> str:
            return (
                f"{self.root}: process {number} is writing this cache; "
                "wait for it, or end it (what it has finished stays)"
            )

        with hold(lock, holder, busy=busy):
            for part in sorted(self.root.glob("*/*.part")):
                log.info("%s: removed, a killed run left it half-written", part)
                part.unlink(missing_ok=True)
            yield

    def where(self, key: str) -> dict[str, Path]:
        """The shard of each video that has features under a key, by the video's sha256.

        Raises:
            VqError: a shard is damaged.
        """
        where: dict[str, Path] = {}
        for shard in sorted((self.root / key).glob("*.safetensors")):
            with _opened(shard) as file:
                where.update((name, shard) for name in file.keys())  # noqa: SIM118 (no mapping)
        return where


class Stored(Sequence[np.ndarray]):
    """Arrays that stay on disk: each is read when it is indexed, and not kept."""

    def __init__(self, places: Sequence[tuple[Path, str]]) -> None:
        """Take shard and sha256 of each, in the order wanted."""
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, place: slice) -> "Stored": ...
    def __getitem__(self, place: int | slice) -> "np.ndarray | Stored":
        """Read one.

        Raises:
            VqError: its shard is damaged or gone.
        """
        if isinstance(place, slice):
            return Stored(self._places[place])
        shard, sha = self._places[place]
        with _opened(shard) as file:
            array: np.ndarray = file.get_tensor(sha)
        return array


@contextmanager
def _opened(shard: Path) -> Iterator[Any]:
    try:
        with safe_open(shard, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise VqError(
            f"{shard}: cannot be read ({error}); delete this file, "
            "and `vq extract` computes what was in it again"
        ) from error


def _sync(folder: Path) -> None:
    """Make a rename last through a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(shard: Path, size: int, error: OSError) -> str:
    what = f"{shard}: {size / 1e6:.1f} MB could not be written"
    if error.errno in FULL:
        return (
            f"{what}, the disk is full ({error.strerror}); free space there "
            "(`dvc gc --workspace` drops old versions), then run again: it resumes here"
        )
    return f"{what} ({error.strerror}); make the folder writable, then run again: it resumes here"
