"""Films of a footage data set as material: frames of every version, and what was done to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int, UInt8

from vq.data import split
from vq.errors import DataError
from vq.footage.filmed.dataset import COLUMNS, LABELS, VIDEOS
from vq.pretrain import store
from vq.pretrain.amount import Role
from vq.video.decode import decode
from vq.video.frame_sampling import moments
from vq.words import count

MOMENTS = 3
"""Frames that are kept of a video."""
PICTURES = ("compression", "difference", "banding", "exposure", "colour")
"""Impairments that a picture shows; a stall shows in none."""
RANGE = 4.0
"""Grades from the worst label to the best."""


@dataclass(frozen=True, eq=False)
class Film:
    """All versions of one film."""

    pictures: UInt8[np.ndarray, "versions moments height width 3"]
    label: Float32[np.ndarray, " versions"]
    """1 to 5, without what stalls took off."""
    impairments: Float32[np.ndarray, "versions impairments"]
    """`PICTURES`, in grades from 0 to 4."""
    ladder: Int[np.ndarray, " versions"]
    """Number of the ladder; -1 for the pristine version."""
    strength: Float32[np.ndarray, " versions"]
    """Rising within a ladder."""


@dataclass(frozen=True)
class Footage:
    """Which films there are, and which of them may be trained on."""

    folder: str = "data/footage"
    """A data set that `vq footage film` made."""
    salt: str = "vq-1"
    validation: float = 0.2
    test: float = 0.2
    """As `split` in params.yaml: contents of its test are never opened, those of its validation are
    measured on."""
    workers: int = 2
    """Processes that decode."""


def films(seed: int, role: Role, amount: Footage, folder: Path) -> list[Film]:
    """The films of one role; nothing is random, so that the seed is of no matter.

    Raises:
        DataError: the data set lacks its labels, or has no content of this role.
    """
    table = read(Path(amount.folder))
    wanted = "train" if role is Role.TRAIN else "validation"
    sides = {
        content: split.side(content, amount.salt, amount.validation, amount.test)
        for content in table["content"].unique()
    }
    selected = table[table["content"].map(sides) == wanted]
    if selected.empty:
        raise DataError(
            f"{amount.folder}: none of {count(len(sides), 'content')} is for {wanted}; fetch more"
        )
    jobs = [
        {
            "videos": str(Path(amount.folder) / VIDEOS),
            "rows": rows.drop(columns=["film", "content"]).to_dict("records"),
        }
        for _, rows in selected.groupby("film", sort=True)
    ]
    return store.generate(folder, Film, film, jobs, workers=amount.workers)


def read(folder: Path) -> pd.DataFrame:
    """Labels of a footage data set; versions without one are left out.

    Raises:
        DataError: they are missing, or lack a column.
    """
    path = folder / LABELS
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"{path}: cannot be read ({reason}); run `vq footage fetch {folder}` and "
            f"`vq footage film {folder}`"
        ) from error
    if lacking := [name for name in COLUMNS if name not in table]:
        raise DataError(
            f"{path}: has no column {lacking[0]!r}; make it again with `vq footage film {folder}`"
        )
    return table.dropna(subset=["mos"])


def film(videos: str, rows: Sequence[Mapping[str, Any]]) -> Film:
    """Decode the versions of one film.

    Raises:
        VideoError: one of them is no video.
    """
    pictures = []
    for row in rows:
        decoded = decode(
            Path(videos) / row["video"], lambda n: moments(n, moments=MOMENTS).tolist()
        )
        numbers = moments(decoded.frame_count, moments=MOMENTS).tolist()
        pictures.append(np.stack([decoded.pixels[number] for number in numbers]))
    table = pd.DataFrame(list(rows))
    stalls = table["stalls"].to_numpy(np.float64)
    left = (table["mos"].to_numpy(np.float64) - 1) / np.maximum(1 - stalls / RANGE, 0.05)
    return Film(
        np.stack(pictures),
        (1 + np.minimum(left, RANGE)).astype(np.float32),
        table[list(PICTURES)].to_numpy(np.float32),
        table["ladder"].to_numpy(np.int64),
        table["strength"].to_numpy(np.float32),
    )
