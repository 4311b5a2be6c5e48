"""The videos that a change brings, takes away, replaces or rates anew."""

import io
from dataclasses import dataclass

import pandas as pd

from vq.errors import DataError
from vq.review.markdown import Section, code, table_of_kinds
from vq.review.revision import Revision
from vq.words import count

HEAD = ("video", "what", ">mos before", ">mos after")
KINDS = ("added", "removed", "replaced", "relabelled")


@dataclass(frozen=True)
class Change:
    """What happened to one video of the manifest."""

    video: str
    what: str
    """One of `KINDS`; `replaced` means another file of the same name."""
    old: str
    """Its rating before; empty where nobody rated or it was not there."""
    new: str


def changes(old: bytes, new: bytes) -> list[Change]:
    """Compare two manifests (CSV); videos that differ in nothing else than the probe are left out.

    Raises:
        DataError: they are not what `import` writes.
    """
    before, after = _read(old), _read(new)
    added = after.loc[after.index.difference(before.index), "mos"]
    removed = before.loc[before.index.difference(after.index), "mos"]
    both = before.merge(after, left_index=True, right_index=True, suffixes=("_old", "_new"))
    diff = [Change(video, "added", "", mos) for video, mos in added.items()]
    diff += [Change(video, "removed", mos, "") for video, mos in removed.items()]
    for what, column in (("replaced", "sha256"), ("relabelled", "mos")):
        rows = both[both[f"{column}_old"] != both[f"{column}_new"]]
        ratings = zip(rows.index, rows["mos_old"], rows["mos_new"], strict=True)
        diff += [Change(video, what, old, new) for video, old, new in ratings]
    return diff


def section(old: Revision, new: Revision, *, to_run: bool) -> Section:
    """A table of the videos that differ.

    With `to_run`, `import` has still to run there, so that its manifest is of an earlier state.
    """
    before, after = old.files["manifest"], new.files["manifest"]
    md5 = old.hash_of("manifest")
    if md5 and md5 == new.hash_of("manifest"):
        diff = []
    elif isinstance(before, str):
        return Section("Data", f"videos cannot be compared: {old.lacks(before)}", "")
    elif isinstance(after, str):
        return Section("Data", f"videos cannot be compared: {new.lacks(after)}", "")
    else:
        diff = changes(before, after)
    kinds = {
        kind: [
            (code(one.video), kind, one.old or "-", one.new or "-")
            for one in diff
            if one.what == kind
        ]
        for kind in KINDS
    }
    headlines = [f"{count(len(rows), 'video')} {kind}" for kind, rows in kinds.items() if rows]
    late = "as of the last `import`, which has still to run on this change"
    headline = ", ".join([*(headlines or ["no video changed"]), *([late] if to_run else [])])
    return Section("Data", headline, table_of_kinds(HEAD, kinds))


def _read(manifest: bytes) -> pd.DataFrame:
    try:
        rows = pd.read_csv(io.BytesIO(manifest), dtype=str, keep_default_na=False)
        return rows[["video", "sha256", "mos"]].drop_duplicates("video").set_index("video")
    except (ValueError, KeyError) as error:
        raise DataError(f"manifest.csv is not what `import` writes ({error})") from error
