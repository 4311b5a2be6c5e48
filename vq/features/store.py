"""Features of videos as training reads them: from the index and the cache, without torch."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from vq.errors import DataError
from vq.features.cache import Cache, Stored
from vq.files import read_json
from vq.video.views import ViewSpec
from vq.words import count


def load(
    index: Path, shas: Sequence[str], experts: Sequence[str] | None = None
) -> dict[str, Float32[np.ndarray, "videos ..."]]:
    """The initial feature of each video, by expert.

    The rows of an image expert (one for each moment) and those of a clip expert (one for each clip)
    become one initial feature by the expert's fusion (claim 5): `mean` or `mean_std` give "videos
    dim"; `attention` leaves them for the teacher to weigh, "videos time dim". The arrays are in the
    order of `shas`; all experts of the index by default.

    Returns:
        One array for each expert, with NaN for a video that has no feature.

    Raises:
        DataError: the index is missing, or has no such expert.
    """
    content = _read(index)
    chosen = list(content["experts"]) if experts is None else list(experts)
    cache = _cache(index, content)
    return {name: _initial(cache, _entry(index, content, name), shas) for name in chosen}


def views(index: Path, shas: Sequence[str]) -> Sequence[UInt8[np.ndarray, "moments 4 side side"]]:
    """What the student sees of each video, in the order of `shas`; read when indexed.

    Raises:
        DataError: the index is missing, or a video has no views.
    """
    content = _read(index)
    where = _cache(index, content).where(content["views"]["key"])
    if lost := [sha for sha in shas if sha not in where]:
        raise DataError(
            f"{index}: {len(lost)} of {count(len(shas), 'video')} without views, the first is "
            f"{lost[0]}; run `vq extract`, and look for them under `failed`"
        )
    return Stored([(where[sha], sha) for sha in shas])


def view_spec(index: Path) -> ViewSpec:
    """How the views were cut.

    Raises:
        DataError: the index is missing.
    """
    entry = _read(index)["views"]
    return ViewSpec(**{name: value for name, value in entry.items() if name != "key"})


def view_key(index: Path) -> str:
    """Key of the views in the cache; it changes whenever views are cut otherwise.

    Raises:
        DataError: the index is missing.
    """
    return str(_read(index)["views"]["key"])


def experts(index: Path) -> dict[str, dict[str, Any]]:
    """Entry of each expert in the index: key, kind, dim (before fusion), fusion, tags and cost.

    The cost of a video is `gmacs`, multiply-accumulates in 1e9; `parameters` are the network's.

    Raises:
        DataError: the index is missing.
    """
    return dict(_read(index)["experts"])


def failed(index: Path) -> dict[str, str]:
    """Why a video has no features, by its sha256.

    Raises:
        DataError: the index is missing.
    """
    return dict(_read(index)["failed"])


def fuse(rows: Float32[np.ndarray, "time dim"], fusion: str) -> Float32[np.ndarray, "..."]:
    """Make one initial feature of the rows of one video; `mean_std` has twice the numbers.

    Raises:
        ValueError: there is no such fusion.
    """
    if fusion == "attention":
        return rows
    if fusion == "mean":
        return rows.mean(0)
    if fusion == "mean_std":
        return np.concatenate([rows.mean(0), rows.std(0)])
    raise ValueError(f"no fusion is called {fusion!r}; know mean, mean_std and attention")


def _initial(
    cache: Cache, entry: Mapping[str, Any], shas: Sequence[str]
) -> Float32[np.ndarray, "videos ..."]:
    features = [
        None if rows is None else fuse(rows.astype(np.float32), entry["fusion"])
        for rows in cache.read(entry["key"], shas)
    ]
    shape = next((feature.shape for feature in features if feature is not None), None)
    if shape is None:
        shape = fuse(np.zeros((1, entry["dim"]), np.float32), entry["fusion"]).shape
    missing = np.full(shape, np.nan, np.float32)
    # Not np.stack alone: it refuses an empty list, and no videos are no error.
    return np.array([missing if f is None else f for f in features], np.float32).reshape(-1, *shape)


def _entry(index: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in content["experts"]:
        near = difflib.get_close_matches(name, content["experts"]) or sorted(content["experts"])
        raise DataError(f"{index}: has no expert {name!r}; did you mean {', '.join(near)}?")
    entry: Mapping[str, Any] = content["experts"][name]
    return entry


def _cache(index: Path, content: Mapping[str, Any]) -> Cache:
    return Cache(index.parent / content["cache"])


def _read(index: Path) -> dict[str, Any]:
    return read_json(index, maker="vq extract")
