"""Which contents are for training, for validation and for the test."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from vq.errors import DataError

SIDES = ("train", "validation", "test")


def side(content: str, salt: str, validation: float, test: float) -> str:
    """The side of a content: train, validation or test.

    It depends on nothing but the arguments, so new videos move none of the old ones, and a
    model released earlier never trained on today's test.

    `validation` and `test` are shares of contents, which add up to less than 1. Another salt,
    another split.
    """
    place = _place(salt, content)
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"


def assign(
    contents: Iterable[str],
    *,
    salt: str,
    validation: float,
    test: float,
    repeats: int,
    representatives: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Assign every content, and split what is not test again and again.

    A content is its name, whatever data set its videos are of: the same source in two of them stays
    on one side. A content that `representatives` names is on the side of its head.

    Returns:
        Columns `content`, `split`, `repeat_0`, ...; sorted by content. The repeats are train or
        validation, with the same ratio of the two, and empty for contents of the test.
    """
    table = pd.DataFrame({"content": sorted(set(contents))}, dtype="string")

    def sides(salt: str, validation: float, test: float) -> list[str]:
        return [
            side(representatives.get(content, content), salt, validation, test)
            for content in table["content"]
        ]

    table["split"] = sides(salt, validation, test)
    share = validation / (1 - test)
    for number in range(repeats):
        again = sides(f"{salt}\0{number}", share, 0.0)
        table[f"repeat_{number}"] = pd.Series(again).where(table["split"] != "test", "")
    return table


def read(path: Path) -> pd.DataFrame:
    """Read splits as `assign` makes them.

    Raises:
        DataError: missing, or not such a file.
    """
    try:
        table = pd.read_csv(path, dtype="string", keep_default_na=False)
    except (FileNotFoundError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path}: missing or empty; run `vq split` or `dvc repro` first") from error
    if list(table.columns[:2]) != ["content", "split"] or not table["split"].isin(SIDES).all():
        raise DataError(f"{path}: not a file of splits; run `vq split` again")
    return table


def of_videos(manifest: pd.DataFrame, splits: pd.DataFrame, column: str = "split") -> pd.Series:
    """The side of each row of a manifest.

    `column` is `split`, or one of the repeats.

    Raises:
        DataError: a content has no side.
    """
    sides = manifest["content"].map(dict(zip(splits["content"], splits[column], strict=True)))
    if sides.isna().any():
        lacking = sorted(set(manifest.loc[sides.isna(), "content"]))
        raise DataError(f"contents without a split: {lacking[:5]}; run `vq split` again")
    return sides.astype("string").rename(column)


def _place(salt: str, content: str) -> float:
    digest = hashlib.sha256(f"{salt}\0{content}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def check(table: pd.DataFrame) -> None:
    """See that there is enough on every side.

    Raises:
        DataError: a side has fewer than two contents, or a repeat lacks a side.
    """
    counts = {name: int((table["split"] == name).sum()) for name in SIDES}
    if few := [f"{name} {count}" for name, count in counts.items() if count < 2]:
        raise DataError(
            f"too few contents on a side: {', '.join(few)} of {len(table)}, need two on each; add "
            "contents, raise split.validation or split.test, or take another split.salt"
        )
    for name in table.columns[2:]:
        if not {"train", "validation"} <= set(table[name]):
            raise DataError(
                f"{name} leaves train or validation empty; add contents, lower split.repeats, or "
                "take another split.salt"
            )
