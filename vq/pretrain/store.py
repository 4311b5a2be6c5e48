"""Where material lies while networks train on it: files of pixels, and one of labels a scene."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vq.files import atomic
from vq.workers.process_pool import pool_of

Made = TypeVar("Made")

VERSION = 1
"""Of everything that makes material: goes up when the same job gives other pixels or labels."""


def generate(
    folder: Path,
    kind: type[Made],
    make: Callable[..., Made],
    jobs: Sequence[Mapping[str, Any]],
    *,
    workers: int,
) -> list[Made]:
    """Call `make` with the arguments of each job, in other processes; results in order.

    A job whose files lie in the folder is not done again. `make` is a function of a module, and
    gives a `kind`: a dataclass of arrays, of which those of bytes, the pixels, are mapped into
    memory. Its arguments are JSON-like.
    """
    stems = [folder / f"{make.__name__}-{_digest(job)}" for job in jobs]
    todo = [pair for pair in zip(stems, jobs, strict=True) if not _labels(pair[0]).exists()]
    if todo:
        with pool_of(min(workers, len(todo))) as pool:
            list(pool.map(partial(_write, make), *zip(*todo, strict=True)))
    return [_read(kind, stem) for stem in stems]


def _digest(job: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([VERSION, job], sort_keys=True).encode()).hexdigest()[:16]


def _labels(stem: Path) -> Path:
    return stem.with_suffix(".npz")


def _write(make: Callable[..., Any], stem: Path, job: Mapping[str, Any]) -> None:
    """Write what a job makes; the labels last, so that whoever finds them finds the pixels."""
    made = vars(make(**job))
    for name, array in made.items():
        if array.dtype == np.uint8:
            with atomic(_pixels(stem, name)) as part:
                np.save(part, array)
    with atomic(_labels(stem)) as part:
        np.savez(part, **{name: array for name, array in made.items() if array.dtype != np.uint8})


def _pixels(stem: Path, name: str) -> Path:
    return stem.with_name(f"{stem.name}-{name}.npy")


def _read(kind: type[Made], stem: Path) -> Made:
    with np.load(_labels(stem)) as labels:
        arrays: dict[str, np.ndarray] = dict(labels)
    for name in kind.__annotations__.keys() - arrays.keys():
        arrays[name] = np.load(_pixels(stem, name), mmap_mode="r")
    return kind(**arrays)
