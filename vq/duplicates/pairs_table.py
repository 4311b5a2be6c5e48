"""The finding: which videos of two contents show the same, and what that did to the split."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from vq.duplicates.find_pairs import find
from vq.video.fingerprint import Fingerprint
from vq.words import count

log = logging.getLogger(__name__)

PAIR = ["video_a", "video_b", "share", "content_a", "content_b"]
NONE = pd.DataFrame(columns=PAIR)
JOINED = "joined: one content for the split"
APART = "on one side by chance; name one content in labels.csv, or set split.near_duplicates: join"
LEAK = "LEAK: on two sides; name one content in labels.csv, or set split.near_duplicates: join"


def pairs(
    manifest: pd.DataFrame, prints: Sequence[Fingerprint], *, bits: int, share: float
) -> pd.DataFrame:
    """Pairs of videos of different contents that show the same, most alike first.

    Manifest and prints are in one order; `bits` and `share` are those of `find_pairs.find`.
    """
    videos, contents = manifest["video"].tolist(), manifest["content"].tolist()
    rows = [
        {
            "video_a": videos[first],
            "video_b": videos[second],
            "share": round(common, 3),
            "content_a": contents[first],
            "content_b": contents[second],
        }
        for (first, second), common in find(prints, contents, bits=bits, share=share).items()
    ]
    table = pd.DataFrame(rows, columns=PAIR)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def judge(pair_rows: pd.DataFrame, splits: pd.DataFrame, *, joined: bool) -> pd.DataFrame:
    """Say of each pair on which sides it is, and what was done or is to be done about it."""
    sides = dict(zip(splits["content"], splits["split"], strict=True))
    table = pair_rows.copy()
    for end in "ab":
        table[f"split_{end}"] = table[f"content_{end}"].map(sides)
    leaks = table["split_a"] != table["split_b"]
    table["finding"] = [JOINED if joined else LEAK if leak else APART for leak in leaks]
    return table[[*PAIR, "split_a", "split_b", "finding"]]


def tell(findings: pd.DataFrame, path: Path) -> None:
    """Log what was found, and where it is listed."""
    if findings.empty:
        return
    leaks = int((findings["finding"] == LEAK).sum())
    contents = len({*findings["content_a"], *findings["content_b"]})
    log.warning(
        "%s of videos of %s that show the same; %s; see %s",
        count(len(findings), "pair"),
        count(contents, "content"),
        f"{leaks} on two sides of the split" if leaks else findings["finding"][0],
        path,
    )


def joined(path: Path) -> list[tuple[str, str]]:
    """Contents of the pairs that the split joined, of a finding that was written."""
    findings = pd.read_csv(path, dtype="string", keep_default_na=False)
    ends = findings.loc[findings["finding"] == JOINED, ["content_a", "content_b"]]
    return list(ends.itertuples(index=False, name=None))
