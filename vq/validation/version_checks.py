"""What a version of the data may do to the one before it, said in Great Expectations."""

import io
from dataclasses import dataclass
from pathlib import Path

import great_expectations.expectations as gxe
import pandas as pd

from vq import params as schema
from vq.data import rating_scales
from vq.data.card import Card
from vq.errors import DataError
from vq.validation.gx_runner import COLUMNS, Check, documented, run

MANIFEST_COLUMNS = ["video", "sha256", "mos", "content", "dataset"]
REMEDIES = {
    "dropped": "bring the video back, or",
    "replaced": "give another file another name: models and caches know it by this one; or",
    "regrouped": "name its content as before: with another one it may leave the test for training; "
    "or",
    "relabelled": "look why: another scale, order or delimiter of the label file? If it is right,",
}
"""What to do about a change, by its column in `compare`, before the limit is raised."""


@dataclass(frozen=True, eq=False)
class Version:
    """A manifest, and what its ratings mean."""

    rows: pd.DataFrame
    """`MANIFEST_COLUMNS`, one row for each video."""
    card: Card


def read(manifest: bytes, card: Card) -> Version:
    """A version from its manifest (CSV).

    Raises:
        DataError: it is not what `import` writes.
    """
    try:
        rows = pd.read_csv(io.BytesIO(manifest), keep_default_na=False, dtype="string")[
            MANIFEST_COLUMNS
        ]
        rows["mos"] = pd.to_numeric(rows["mos"].replace("", pd.NA)).astype("float64")
    except (ValueError, KeyError) as error:
        raise DataError(f"manifest.csv is not what `import` writes ({error})") from error
    return Version(rows.drop_duplicates("video", ignore_index=True), card)


def find(
    old: Version, new: Version, *, params: schema.Versions, docs: Path | None = None
) -> pd.DataFrame:
    """Hold what a version did to the videos of the one before it against the limits.

    `docs` is a folder of HTML pages, and is replaced; without one there are no pages.

    Returns:
        `video`, `check`, `value`, `remedy` for each video with which a limit is exceeded; of a
        limit that holds, none.
    """
    rows = compare(old, new, moved=params.max_moved)
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS, dtype="string")
    with documented(docs) as suites:
        return run(suites, "versions", rows, _checks(params)).reset_index(drop=True)


def compare(old: Version, new: Version, *, moved: float) -> pd.DataFrame:
    """What became of each video of the old version, a word in each column; empty: nothing.

    A rating is where it is on the scale of its set, from the worse end to the better one, so that a
    card that says something else of the same numbers changes all of them. A rating that moves by no
    more than the share `moved` of the scale is still the same.
    """
    before, after = (one.rows.assign(place=_place(one)).set_index("video") for one in (old, new))
    both = before.merge(
        after, how="left", left_index=True, right_index=True, suffixes=("_old", "_new")
    )
    present = pd.Series(both.index.isin(after.index), both.index)
    elsewhere = before["sha256"].isin(after["sha256"]) & (before["sha256"] != "")
    changes = pd.DataFrame(index=before.index)
    changes["dropped"] = pd.Series("gone", changes.index).where(~present & ~elsewhere, "")
    changes["replaced"] = _words(both, "sha256", present, longest=8)
    changes["regrouped"] = _words(both, "content", present, longest=40)
    kept = present & both["mos_old"].notna()
    far = ~((both["place_new"] - both["place_old"]).abs() <= moved + 1e-9)
    words = _numbers(both["mos_old"]) + " -> " + _numbers(both["mos_new"])
    changes["relabelled"] = words.where(kept & far, "").where(kept, pd.NA)
    return changes.reset_index()


def _place(version: Version) -> pd.Series:
    """Each rating between the worse end of its own scale, 0, and the better one, 1."""
    which = rating_scales.number(version.rows, version.card)
    described = [list(version.card.sets.values())[one] for one in which]
    low, high = ([getattr(one.scale, end) for one in described] for end in ("min", "max"))
    share = (version.rows["mos"] - low) / (pd.Series(high, dtype=float) - low)
    turned = pd.Series([one.better != "higher" for one in described], dtype=bool)
    return share.where(~turned, 1 - share)


def _words(both: pd.DataFrame, column: str, present: pd.Series, *, longest: int) -> pd.Series:
    """`old -> new` where they differ; null where there is only one."""
    old, new = (both[f"{column}_{end}"].fillna("").str[:longest] for end in ("old", "new"))
    differs = both[f"{column}_old"].fillna("") != both[f"{column}_new"].fillna("")
    return (old + " -> " + new).where(differs, "").where(present, pd.NA)


def _numbers(values: pd.Series) -> pd.Series:
    texts = ["nothing" if pd.isna(value) else f"{value:g}" for value in values]
    return pd.Series(texts, values.index, dtype="string")


def _checks(params: schema.Versions) -> list[Check]:
    """At most a share of the videos has a word in each column; nulls are not asked."""
    return [
        Check(
            column,
            gxe.ExpectColumnValuesToBeInSet(
                column=column, value_set=[""], mostly=round(1 - getattr(params, f"max_{column}"), 9)
            ),
            (column,),
            f"{remedy} raise versions.max_{column}",
        )
        for column, remedy in REMEDIES.items()
    ]
