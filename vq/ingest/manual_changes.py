"""What people did to the data set since its last import: it goes into the next version as well."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from vq.data import card as cards
from vq.data import labels_csv
from vq.data.card import Card
from vq.data.columns import load as load_columns
from vq.errors import DataError
from vq.params import Params
from vq.pipeline import run_stages
from vq.validation import version_checks
from vq.validation.version_checks import Version

SHOWN = 3
"""Findings that the message names; `vq diff` has all."""


def check(root: Path, params: Params) -> None:
    """Hold labels and files of the data set, as they lie here, against what was imported last.

    Files are not read again: one that was replaced is not noticed here, but by `vq diff`. Before
    the first import of this data set there is nothing to compare with.

    Raises:
        DataError: more was dropped, regrouped or relabelled than section `versions` allows.
    """
    target = root / params.data.dir
    manifest = _manifest(root, params.data.dir)
    if manifest is None or not manifest.exists():
        return
    card = cards.load(target / "card.yaml")
    old = version_checks.read(manifest.read_bytes(), card)
    keep = load_columns(target / "columns.yaml").carried
    findings = version_checks.find(old, _now(old, target, card, keep), params=params.versions)
    if findings.empty:
        return
    first = findings.head(SHOWN).itertuples(index=False)
    summary = "; ".join(f"{one.video} is {one.check} ({one.value}): {one.remedy}" for one in first)
    raise DataError(
        f"{target}: {len(findings)} of its videos were changed since the last import, more than "
        f"section versions of params.yaml allows: {summary}. Nothing was taken in; mend the "
        "data set, or run `dvc repro import` if it is meant, and look at `vq diff`"
    )


def _manifest(root: Path, data_dir: Path) -> Path | None:
    if not (root / "dvc.yaml").exists():
        return None
    if not run_stages.has_read(root, "import", data_dir / "videos"):
        return None  # none yet, or that of another data set
    return run_stages.files_of(root, "import")["manifest"].with_suffix(".csv")


def _now(old: Version, target: Path, card: Card, keep: Sequence[str]) -> Version:
    """The old version's videos that are still there, with the labels that they have now."""
    file = target / "labels.csv"
    rows = labels_csv.read(file, keep=keep) if file.exists() else []
    labels = {row.video: row.values for row in reversed(rows)}
    present = [
        {"video": video, "sha256": sha256, "mos": None, "content": None, "dataset": None}
        | labels.get(video, {})
        for video, sha256 in zip(old.rows["video"], old.rows["sha256"], strict=True)
        # One that import could not read has no hash.
        if not sha256 or (target / "videos" / video).is_file()
    ]
    table = pd.DataFrame(present, columns=version_checks.MANIFEST_COLUMNS)
    table["mos"] = table["mos"].astype("float64")
    table["content"] = table["content"].fillna(table["video"])
    table["dataset"] = table["dataset"].fillna(card.name)
    return Version(table, card)
