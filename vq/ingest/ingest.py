"""Take a delivery into the data set: all that passes, or nothing at all."""

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from vq import code_version
from vq.accuracy import record as accuracy_records
from vq.accuracy.delivery import Measurement, RatedVideo, measure_delivery
from vq.data import card as cards
from vq.data import labels_csv
from vq.data import manifest as manifests
from vq.data.card import Card
from vq.data.columns import load as load_columns
from vq.data.labels_csv import Label
from vq.errors import DataError
from vq.files import write_csv
from vq.ingest import manual_changes, table
from vq.ingest.conflicts import NewVideo, Triage, sort
from vq.ingest.table import Table
from vq.params import Params
from vq.params import load as load_params
from vq.pipeline import run_stages
from vq.pipeline.workspace_lock import hold
from vq.stages.import_ import import_
from vq.video.probe import sha256
from vq.words import count

log = logging.getLogger(__name__)

REPORTS = Path("reports", "intake")
"""Quarantine and data docs of the latest delivery, below the workspace."""


@dataclass(frozen=True)
class Intake:
    """What became of a delivery."""

    folder: Path
    """Of the data set."""
    taken: Sequence[str]
    """Videos that are new in the data set, or have their label now."""
    duplicates: int
    """Videos that it had already, with the same label."""
    refused: pd.DataFrame
    """`video`, `check`, `value`, `remedy`; also in `quarantine`."""
    quarantine: Path
    commit: str
    """Of git; empty if there was none to make, or none was wanted."""
    declined: str = ""
    """Why nothing was taken, not even what passed: a sentence; empty if that is in the data set."""
    accuracy: Measurement | None = None
    """How well the champion scored what was taken; None where nothing was."""


def ingest(
    folder: Path,
    labels: Path,
    *,
    root: Path,
    commit: bool = False,
    partial: bool = False,
    jobs: int = 0,
) -> Intake:
    """Check new videos as the pipeline would, and add those that pass to the data set of params.

    A delivery of which more than `validate.max_rejected` is refused is not taken at all: that many
    faults have one cause, such as labels on another scale, and what passes has it by accident. A
    delivery has the form of a data set: a folder of videos, and a label file with their paths in
    it. Videos are known by their bytes, so that to hand in a delivery again does nothing. Videos
    come first, each whole, and the label file last: a kill leaves the data set as it was, or, for
    an instant, with videos that have no label yet; the same delivery again completes it. At the
    end dvc has the new version.

    Before that, while nothing can learn from them, the champion scores the videos that have a
    rating: a line of `accuracy.jsonl` of the data set, which goes into git with the new version.

    With `commit` the new version is put into git, as a commit of its own; with `partial` what
    passes is taken, however much does not. `jobs` processes open videos; 0 for one on each core.

    Raises:
        DataError: delivery or data set cannot be used at all, or too much of the latter was changed
            by hand (`vq.ingest.manual_changes`), or the registry does not answer; nothing has
            changed.
        WeightsError: the champion cannot be used; nothing has changed.
        BusyError: another process is at work in the workspace.
    """
    code_version.check(root)
    params = load_params(root / "params.yaml")
    target = root / params.data.dir
    with hold(root):
        places = [params.data.dir / "videos", params.data.dir / "labels.csv"]
        for place in places:
            if objection := run_stages.objection(root, place):
                raise DataError(f"{objection}. Nothing was taken")
        manual_changes.check(root, params)
        table_of_labels, triage, quarantined = _check(folder, labels, target, params, root, jobs)
        quarantine = root / REPORTS / "quarantine.csv"
        if declined := "" if partial else _too_many(triage, quarantined, params, folder):
            return Intake(target, [], len(triage.duplicates), quarantined, quarantine, "", declined)
        card = cards.load(target / "card.yaml")
        accuracy = measure_delivery(
            _rated(triage, folder, card), card=card, config=params, root=root, jobs=jobs
        )
        _move(folder, triage.new, target / "videos")
        records = target / accuracy_records.FILE
        if accuracy.record is not None:
            accuracy_records.add(records, accuracy.record)
        more = _rows(triage, table_of_labels)
        if more.rows:
            label_file = target / "labels.csv"
            table.write(
                table.read(label_file).add(more) if label_file.exists() else more, label_file
            )
        taken = sorted(name for _, name in triage.added)
        log.info(
            "%s: %s new, %d known, %d refused",
            folder,
            count(len(taken), "video"),
            len(triage.duplicates),
            len(quarantined),
        )
        written = run_stages.add(root, places)
        if records.exists():
            written.append(params.data.dir / accuracy_records.FILE)
        made = run_stages.commit(root, written, _message(params, taken)) if commit else ""
    return Intake(
        target,
        taken,
        len(triage.duplicates),
        quarantined,
        quarantine,
        made,
        accuracy=accuracy,
    )


def _too_many(triage: Triage, refused: pd.DataFrame, params: Params, folder: Path) -> str:
    most = params.validate_.max_rejected
    arrived = len(triage.new) + len(triage.late) + len(triage.duplicates) + len(refused)
    if len(refused) <= most * arrived:
        return ""
    return (
        f"{folder}: nothing is taken, {len(refused)} of {count(arrived, 'video')} "
        f"({len(refused) / arrived:.1%}) did not pass, more than validate.max_rejected of "
        f"params.yaml allows ({most:.1%}); mend the delivery, or take the others with "
        "--partial (the flow's parameter partial)"
    )


def _check(
    folder: Path, labels: Path, target: Path, params: Params, root: Path, jobs: int
) -> tuple[Table, Triage, pd.DataFrame]:
    """What of a delivery is to be done, and the quarantine, which is written."""
    from vq.validation import expectations, manifest_checks

    card = cards.load(target / "card.yaml")
    keep = load_columns(target / "columns.yaml").carried
    # The table of a delivery is no version of the data set: only its rows have to be as expected.
    expected = replace(
        expectations.load(target / "expectations.yaml", [*manifests.DTYPES, *keep]), table=()
    )
    rows = labels_csv.read(labels, keep=keep)
    label_file = target / "labels.csv"
    old = labels_csv.read(label_file, keep=keep) if label_file.exists() else []
    with tempfile.TemporaryDirectory() as scratch:
        manifest = Path(scratch, "m.parquet")
        import_(
            videos=folder,
            labels=labels,
            card=target / "card.yaml",
            columns=target / "columns.yaml",
            manifest=manifest,
            twin=Path(scratch, "m.csv"),
            fingerprints=Path(scratch, "prints.parquet"),
            params=params.import_,
            jobs=jobs,
        )
        frame = manifests.read(manifest)
    docs = root / REPORTS / "data_docs"
    outcome = manifest_checks.find(
        frame, card=card, expected=expected, params=params.validate_, docs=docs
    )
    for sentence in outcome.warnings:
        log.warning("%s", sentence)
    findings = outcome.rejected
    arrivals = list(_arrivals(frame.drop(index=findings.index), folder, rows))
    by_video = {label.video: label for label in reversed(old)}
    triage = sort(arrivals, target / "videos", by_video)
    more = pd.DataFrame(
        [{"video": arrival.video, **finding} for arrival, finding in triage.refused],
        columns=findings.columns,
        index=[arrival.position for arrival, _ in triage.refused],
    )
    findings = pd.concat([findings, more]).sort_index()
    write_csv(root / REPORTS / "quarantine.csv", findings)
    return table.read(labels), triage, findings


def _arrivals(accepted: pd.DataFrame, folder: Path, rows: Sequence[Label]) -> Iterator[NewVideo]:
    for position, video, digest in zip(
        accepted.index, accepted["video"], accepted["sha256"], strict=True
    ):
        label = rows[position] if position < len(rows) else None
        yield NewVideo(position, video, digest, (folder / video).stat().st_size, label)


def _rated(triage: Triage, folder: Path, card: Card) -> list[RatedVideo]:
    """What is to be taken that has a rating on the scale of the data set itself."""
    return [
        RatedVideo(
            folder / arrival.video,
            arrival.sha256,
            str(arrival.label.values["content"] or name),
            float(str(arrival.label.values["mos"])),
            random=arrival.label.values["random"] == "yes",
        )
        for arrival, name in triage.added
        if arrival.label is not None
        and arrival.label.values["mos"] is not None
        and arrival.label.values["dataset"] in (None, card.name)
    ]


def _rows(triage: Triage, delivered: Table) -> Table:
    """Rows to add, as they were delivered but for the tidied name of the video."""
    rows = []
    for arrival, name in sorted(triage.added, key=lambda pair: pair[0].position):
        if arrival.label is not None:
            cells = dict(zip(delivered.header, delivered.rows[arrival.position], strict=True))
            rows.append(tuple((cells | {"video": name}).values()))
    return Table(delivered.header, tuple(rows))


def _move(folder: Path, arrivals: Sequence[NewVideo], videos: Path) -> None:
    """Copy all videos beside the data set, then put each into its place."""
    with _staging(videos.parent / ".intake") as staging:
        for number, arrival in enumerate(arrivals):
            _copy(folder / arrival.video, staging / str(number), arrival.sha256)
        for number, arrival in enumerate(arrivals):
            place = videos / arrival.video
            place.parent.mkdir(parents=True, exist_ok=True)
            (staging / str(number)).rename(place)
        videos.mkdir(exist_ok=True)


@contextmanager
def _staging(path: Path) -> Iterator[Path]:
    # In the same file system as the data set; a killed run may have left one.
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    (path / ".gitignore").write_text("*\n", encoding="ascii")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _copy(source: Path, target: Path, expected: str) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise DataError(
            f"{source}: cannot be copied ({error.strerror}); nothing has changed"
        ) from error
    if sha256(target) != expected:
        raise DataError(
            f"{source}: changed while it was looked at; wait until it is written, then run again"
        )


def _message(params: Params, taken: Sequence[str]) -> str:
    return f"{params.data.dir}: {count(len(taken), 'video')} more"
