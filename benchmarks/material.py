"""Features with real MOS, as one file holds them: reading, experts, splits.

A file is an `.npz` of `names` (videos), `mos`, maybe `group` (the source that a video was made
from), and blocks: arrays of one row for each video, NaN rows where a video was not described.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped

from vq.errors import DataError

VALIDATION, TEST = 0.14, 0.20
TOGETHER: Mapping[str, Sequence[str]] = {
    "dover": ("dover_aesthetic", "dover_technical"),
    "tpqi": ("tpqi_temporal", "tpqi_matlab"),
    "niqe": ("niqe_matlab", "niqe_pyiqa"),
}
"""Blocks that are one model's answers: one expert."""
NO_EXPERT = re.compile(
    r"(^|_)(fr|full|fullref|reference|psnr|ssim|vmaf"  # sees the pristine source
    r"|\d*fps|bitrate|kbps|width|height|meta|metadata"  # of the file, not of the pictures
    r"|light\d*)(_|$|(?<=fr)_?all)",  # a cheaper version of another expert
    re.IGNORECASE,
)
"""Names of blocks that are no expert unless asked for."""


@dataclass(frozen=True, eq=False)
class Material:
    """The labelled videos of a file; row n is the same video everywhere."""

    name: str
    mos: Float64[np.ndarray, " videos"]
    group: Shaped[np.ndarray, " videos"] | None
    """Source of each video; none where the file has no such column."""
    blocks: Mapping[str, Float32[np.ndarray, "videos _"]]

    @property
    def scale(self) -> tuple[float, float]:
        """Ends of the MOS, rounded outward: a file does not tell the ends of its scale."""
        return float(np.floor(self.mos.min())), float(np.ceil(self.mos.max()))


@dataclass(frozen=True, eq=False)
class Sides:
    """Rows of one split."""

    train: Int64[np.ndarray, " train"]
    validation: Int64[np.ndarray, " validation"]
    test: Int64[np.ndarray, " test"]

    @property
    def known(self) -> Int64[np.ndarray, " known"]:
        """Rows whose MOS may be looked at: training and validation."""
        return np.concatenate([self.train, self.validation])


def read(path: Path) -> Material:
    """Read a file; videos without a MOS are left out.

    Raises:
        DataError: no such file, or not of that form.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    # A file that is no archive at all, or one of something else.
    except (ValueError, OSError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: not an .npz of plain arrays; see benchmarks/material.py"
        ) from error
    if lacking := [name for name in ("names", "mos") if name not in arrays]:
        raise DataError(f"{path}: has no {' and no '.join(lacking)}, but {sorted(arrays)}")
    count = len(np.atleast_1d(arrays["names"]))
    for name, value in arrays.items():
        if value.shape[:1] != (count,) or value.ndim > 2:
            raise DataError(f"{path}: {name} has shape {value.shape}, for {count} names")
        if name not in ("names", "group") and value.dtype.kind not in "fiu":
            raise DataError(f"{path}: {name} holds no numbers, but {value.dtype}")
    if arrays["mos"].ndim != 1:
        raise DataError(f"{path}: mos has shape {arrays['mos'].shape}, for {count} names")
    labelled = np.isfinite(arrays["mos"])
    mos = arrays.pop("mos")[labelled].astype(np.float64)
    if len(mos) < 20 or np.ptp(mos) == 0:
        raise DataError(f"{path}: {len(mos)} videos with {len(set(mos))} different mos; need 20")
    del arrays["names"]
    group = arrays.pop("group", None)
    return Material(
        name=path.stem,
        mos=mos,
        group=None if group is None else group[labelled],
        blocks={name: _block(value[labelled]) for name, value in arrays.items()},
    )


def experts(
    material: Material, asked: Mapping[str, Sequence[str]]
) -> dict[str, Float32[np.ndarray, "videos _"]]:
    """The initial features of each expert; without any asked for, those of the file's own.

    Raises:
        DataError: a block that the file has not, or fewer than two experts (claim 1).
    """
    together = {block: name for name, blocks in TOGETHER.items() for block in blocks}
    wanted: dict[str, list[str]] = {name: list(blocks) for name, blocks in asked.items()}
    if not wanted:
        for block in material.blocks:
            if not NO_EXPERT.search(block):
                wanted.setdefault(together.get(block, block.replace(".", "_")), []).append(block)
    for block in (block for blocks in wanted.values() for block in blocks):
        if block not in material.blocks:
            known = ", ".join(sorted(material.blocks))
            raise DataError(f"{material.name}: has no block {block!r}; it has {known}")
    if len(wanted) < 2:
        raise DataError(f"{material.name}: an ensemble needs two experts, got {sorted(wanted)}")
    return {
        name: np.concatenate([material.blocks[block] for block in blocks], axis=1)
        for name, blocks in wanted.items()
    }


def split(material: Material, *, rng: np.random.Generator) -> Sides:
    """Shuffle into train, validation and test; all videos of a group fall on one side.

    Raises:
        DataError: fewer than two groups for validation and for test.
    """
    rows = np.arange(len(material.mos))
    names, unit = np.unique(rows if material.group is None else material.group, return_inverse=True)
    test, validation = round(TEST * len(names)), round(VALIDATION * len(names))
    if min(test, validation) < 2:
        raise DataError(f"{material.name}: {len(names)} groups are too few to split")
    order = rng.permutation(len(names))
    place = np.empty(len(names), int)
    place[order] = np.arange(len(names))
    at = place[unit]
    return Sides(
        train=rows[at >= test + validation],
        validation=rows[(at >= test) & (at < test + validation)],
        test=rows[at < test],
    )


def fewer(sides: Sides, count: int, *, rng: np.random.Generator) -> Sides:
    """Keep some videos of training and validation, in their proportion, and all of test.

    Raises:
        DataError: more videos than there are, or fewer than 20.
    """
    if not 20 <= count <= len(sides.known):
        raise DataError(f"--labelled {count}: must be 20 to {len(sides.known)}, as a split has")
    validation = round(count * len(sides.validation) / len(sides.known))
    return Sides(
        train=rng.permutation(sides.train)[: count - validation],
        validation=rng.permutation(sides.validation)[:validation],
        test=sides.test,
    )


def impute(
    block: Float32[np.ndarray, "videos width"], rows: Int64[np.ndarray, " rows"]
) -> Float32[np.ndarray, "videos width"]:
    """Put the mean of the given rows (the training videos) where a number is missing."""
    mean = np.nanmean(np.where(np.isfinite(block[rows]), block[rows], np.nan), axis=0)
    return np.where(np.isfinite(block), block, np.nan_to_num(mean)).astype(np.float32)


def _block(value: Shaped[np.ndarray, "videos ..."]) -> Float32[np.ndarray, "videos _"]:
    return np.asarray(value.reshape(len(value), -1), np.float32)
