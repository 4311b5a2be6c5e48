"""Stage: probe every video and join it with its label."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track

from vq import params as schema
from vq.data import card as cards
from vq.data import fingerprint_store, labels_csv
from vq.data import manifest as manifests
from vq.data.columns import load as load_columns
from vq.data.labels_csv import Label
from vq.data.paths import LEAVES, leaves
from vq.errors import DataError
from vq.video.inspect import Look, look_at
from vq.video.suffixes import SUFFIXES
from vq.words import count
from vq.workers.process_pool import cores

log = logging.getLogger(__name__)


def import_(
    *,
    videos: Path,
    labels: Path,
    card: Path,
    columns: Path,
    manifest: Path,
    twin: Path,
    fingerprints: Path,
    params: schema.Import,
    jobs: int = 0,
) -> None:
    """Write the manifest: each row of the label file, then each video that has no label.

    No row is left out: what is missing, broken or mislabelled says so in the column `problem`.

    Labels are read as `vq.data.labels_csv` says, with the `columns` of the data set. The `twin` of
    the manifest is the same as CSV, for eyes and diffs; `fingerprints` are what each video looks
    like, for `split`. `jobs` are processes that probe, 0 for one on each core.

    Raises:
        DataError: labels, card, columns or the folder of videos cannot be used at all.
    """
    if not videos.is_dir():
        raise DataError(f"{videos}: no such folder; put the videos there")
    datasets = list(cards.load(card).sets)
    keep = load_columns(columns).carried
    rows = labels_csv.read(labels, keep=keep)
    rows += [Label(video) for video in _without_label(videos, rows)]
    named = sorted({row.video for row in rows if row.is_inside})
    looks = _look_at(videos, named, params, jobs)
    records = [_row(row, looks.get(row.video, Look()), datasets) for row in rows]
    table = manifests.build(records, keep=keep)
    manifests.write(table, manifest)
    manifests.write(table, twin)
    prints = {look.sha256: look.fingerprint for look in looks.values() if look.fingerprint}
    fingerprint_store.write(
        {str(sha256): fingerprint for sha256, fingerprint in prints.items()}, fingerprints
    )
    log.info("%s, %d with a problem", count(len(table), "row"), (table["problem"] != "").sum())


def _without_label(videos: Path, rows: Sequence[Label]) -> list[str]:
    files = {
        path.relative_to(videos).as_posix()
        for path in videos.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    files -= {row.video for row in rows}
    unlabelled = sorted(file for file in files if Path(file).suffix.lower() in SUFFIXES)
    if others := sorted(files - set(unlabelled)):
        log.warning("%s no video by name, left out: %s", count(len(others), "file"), others[:5])
    return unlabelled


def _look_at(
    videos: Path, files: Sequence[str], params: schema.Import, jobs: int
) -> dict[str, Look]:
    away = {file: Look(problem=LEAVES) for file in files if leaves(videos, file, params.links)}
    files = [file for file in files if file not in away]
    paths = [videos / file for file in files]
    looks = look_at(paths, jobs=cores(jobs), settings=params, fingerprints=True)
    # To stderr, and only where somebody watches.
    console = Console(stderr=True)
    shown = track(looks, "import", len(files), console=console, disable=not console.is_terminal)
    return away | dict(zip(files, shown, strict=True))


def _row(label: Label, look: Look, datasets: Sequence[str]) -> dict[str, object]:
    probed = asdict(look.probe) if look.probe else {}
    dataset = label.values.get("dataset") or datasets[0]
    message = (
        f"is of a data set {dataset!r}, card.yaml knows {', '.join(datasets)}; correct the name, "
        "or describe it there under `datasets`"
    )
    return {
        "video": label.video,
        "sha256": look.sha256,
        **probed,
        **label.values,
        "dataset": dataset,
        "content": label.values.get("content") or label.video,
        "problem": label.problem or ("" if dataset in datasets else message) or look.problem,
    }
