"""What a rating session keeps, in one SQLite file: clips, raters, their trials, their ratings.

A rating is on the disk before it is acknowledged (write-ahead log, synchronous FULL). It has two
keys, its own and that of its trial, so that nothing is counted twice, whatever is sent again.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from vq.errors import DataError, VqError
from vq.rating.clips import Role
from vq.rating.playlist import Kind, Trial

NAME = "ratings.sqlite"
VERSION = 2
LOCKED_SECONDS = 5.0
"""How long a write waits for another program that holds the file."""
SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE clips (
  number INTEGER PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
  low INTEGER NOT NULL, high INTEGER NOT NULL, digest TEXT NOT NULL, modified_ns INTEGER NOT NULL,
  form TEXT NOT NULL, media_type TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  duration_s REAL NOT NULL, problem TEXT NOT NULL, random TEXT NOT NULL,
  active INTEGER NOT NULL, UNIQUE (role, name)
) STRICT;
CREATE TABLE raters (
  name TEXT PRIMARY KEY, joined REAL NOT NULL, language TEXT NOT NULL, device TEXT NOT NULL
) STRICT;
CREATE TABLE trials (
  rater TEXT NOT NULL REFERENCES raters (name), position INTEGER NOT NULL, kind TEXT NOT NULL,
  first INTEGER NOT NULL REFERENCES clips (number), second INTEGER REFERENCES clips (number),
  PRIMARY KEY (rater, position)
) STRICT;
CREATE TABLE ratings (
  id TEXT PRIMARY KEY, rater TEXT NOT NULL, position INTEGER NOT NULL, value INTEGER,
  problem TEXT NOT NULL, received REAL NOT NULL, playback TEXT NOT NULL,
  UNIQUE (rater, position), FOREIGN KEY (rater, position) REFERENCES trials (rater, position)
) STRICT;
"""


class StoreError(VqError):
    """A write that did not happen and may succeed later; the sender keeps what it sent."""


@dataclass(frozen=True)
class StoredClip:
    """A clip of the session."""

    number: int
    role: Role
    name: str
    path: str
    low: int
    high: int
    digest: str
    """Of its file, when the session began: see `vq.rating.clips.digest`."""
    modified_ns: int
    """When the file was last changed: as long as this stays, nobody reads it for its digest."""
    form: str
    """How it is shown: `as it is`, `copied` or `encoded`."""
    media_type: str
    width: int
    height: int
    duration_s: float
    problem: str
    """Why it is not shown; empty if it is."""
    random: str
    """Whether it was drawn at random: see `vq.rating.clips.Clip`."""
    active: bool
    """Whether the input still names it."""


@dataclass(frozen=True)
class Rating:
    """What a rater said of a trial, or why it could not be rated."""

    id: str
    rater: str
    position: int
    value: int | None
    """1 (bad) to 5 (excellent); of a pair, 1 for the first and 2 for the second. None: see
    `problem`."""
    problem: str = ""
    """Such as that the browser cannot play the clip."""
    playback: Mapping[str, Any] = field(default_factory=dict)
    """What the browser measured."""


@dataclass(frozen=True)
class RatedTrial:
    """A trial with its rating."""

    rater: str
    position: int
    kind: Kind
    first: int
    second: int | None
    value: int | None
    problem: str
    received: float
    """Seconds since 1970, by the clock of the service."""
    playback: Mapping[str, Any]


class Store:
    """The file of a session; may be used by several threads."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, and make it if need be.

        Raises:
            DataError: it is no file of a session, or of another version of vq.
        """
        self.path = path
        self._lock = Lock()
        mode = "ro" if read_only else "rwc"
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=LOCKED_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._prepare(read_only=read_only)
            self._inode = os.stat(path).st_ino  # noqa: PTH116 - as `_check_place` does
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"{path}: cannot be opened as a rating session ({error}); name another folder"
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def setting(self, name: str) -> str:
        """A setting; empty if there is none of this name."""
        rows = self._read("SELECT value FROM settings WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def set_default(self, name: str, value: str) -> str:
        """Set what is not set, and return what is."""
        with self._write() as cursor:
            cursor.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value))
        return self.setting(name)

    def clips(self) -> list[StoredClip]:
        """All clips that the session ever had, in the order of their numbers."""
        rows = self._read("SELECT * FROM clips ORDER BY number")
        return [StoredClip(*(*row[:-1], bool(row[-1]))) for row in rows]

    def put_clips(self, clips: Iterable[StoredClip]) -> None:
        """Add clips, or write over those of the same number; all others are no longer active."""
        with self._write() as cursor:
            cursor.execute("UPDATE clips SET active = 0")
            for clip in clips:
                fields = vars(clip)
                marks = ", ".join("?" * len(fields))
                news = ", ".join(f"{name} = excluded.{name}" for name in fields)
                cursor.execute(
                    f"INSERT INTO clips VALUES ({marks}) ON CONFLICT DO UPDATE SET {news}",
                    tuple(fields.values()),
                )

    def refuse_clip(self, number: int, problem: str) -> None:
        """Show a clip no more."""
        with self._write() as cursor:
            cursor.execute("UPDATE clips SET problem = ? WHERE number = ?", (problem, number))

    def join(
        self, rater: str, trials: Sequence[Trial], *, language: str, device: Mapping[str, Any]
    ) -> None:
        """Add a rater with trials; one who is there already keeps the first ones."""
        with self._write() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO raters VALUES (?, ?, ?, ?)",
                (rater, time.time(), language, json.dumps(device)),
            )
            if cursor.rowcount:
                cursor.executemany(
                    "INSERT INTO trials VALUES (?, ?, ?, ?, ?)",
                    [
                        (rater, position, trial.kind, trial.first, trial.second)
                        for position, trial in enumerate(trials)
                    ],
                )

    def raters(self) -> list[tuple[str, float, str, dict[str, Any]]]:
        """Name, time of joining, language and device of each rater, in the order of joining."""
        rows = self._read("SELECT name, joined, language, device FROM raters ORDER BY joined, name")
        return [
            (name, joined, language, json.loads(device)) for name, joined, language, device in rows
        ]

    def trials(self, rater: str) -> list[Trial]:
        """Those of a rater in order; empty for who has not joined."""
        rows = self._read(
            "SELECT kind, first, second FROM trials WHERE rater = ? ORDER BY position", (rater,)
        )
        return [Trial(*row) for row in rows]

    def done(self, rater: str) -> list[int]:
        """Positions that a rater has rated, or that could not be rated."""
        rows = self._read(
            "SELECT position FROM ratings WHERE rater = ? ORDER BY position", (rater,)
        )
        return [position for (position,) in rows]

    def assigned(self) -> dict[int, int]:
        """How many raters have each clip among what counts."""
        rows = self._read(
            "SELECT clip, count(*) FROM (SELECT first AS clip FROM trials WHERE kind = 'test' "
            "UNION ALL SELECT second FROM trials WHERE kind = 'test' AND second IS NOT NULL) "
            "GROUP BY clip"
        )
        return dict(rows)

    def record(self, rating: Rating) -> Literal["new", "repeated", "rated"]:
        """Write a rating durably.

        Returns:
            `repeated` for one that was written before, `rated` if its trial has another one, which
            stays.

        Raises:
            StoreError: it is not written.
        """
        with self._write() as cursor:
            cursor.execute(
                "INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    rating.id,
                    rating.rater,
                    rating.position,
                    rating.value,
                    rating.problem,
                    time.time(),
                    json.dumps(rating.playback),
                ),
            )
            if cursor.rowcount:
                return "new"
            cursor.execute(
                "SELECT 1 FROM ratings WHERE id = ? AND rater = ? AND position = ?",
                (rating.id, rating.rater, rating.position),
            )
            return "repeated" if cursor.fetchone() else "rated"

    def rated(self) -> list[RatedTrial]:
        """All ratings with their trials, by rater and position."""
        rows = self._read(
            "SELECT rater, position, kind, first, second, value, problem, received, playback "
            "FROM ratings JOIN trials USING (rater, position) ORDER BY rater, position"
        )
        return [RatedTrial(*(*row[:-1], json.loads(row[-1]))) for row in rows]

    def planned(self) -> dict[str, int]:
        """How many trials each rater has."""
        return dict(self._read("SELECT rater, count(*) FROM trials GROUP BY rater"))

    def _prepare(self, *, read_only: bool) -> None:
        execute = self._connection.execute
        if not read_only:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = FULL")
            execute("PRAGMA foreign_keys = ON")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version == 0 and not read_only:
            self._connection.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"its version is {version}, this vq has {VERSION}")

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Cursor]:
        """One transaction; what it did is on the disk when this ends."""
        with self._lock, self._explained():
            self._check_place()
            with self._connection:  # ends with COMMIT, or with ROLLBACK if anything is raised
                cursor = self._connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                yield cursor

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise DataError(f"{self.path}: {error}; reload the page") from error
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {_remedy(str(error))}") from error

    def _check_place(self) -> None:
        # What is written into a file that was deleted is gone when the service ends.
        try:
            same = os.stat(self.path).st_ino == self._inode  # noqa: PTH116
        except OSError:
            same = False
        if not same:
            raise StoreError(
                f"{self.path}: was moved or deleted under the service; put it back and start anew"
            )


def _remedy(reason: str) -> str:
    if "locked" in reason or "busy" in reason:
        return "another program holds it; close that program"
    if "full" in reason:
        return "the disk is full; make room"
    return f"cannot be written ({reason}); look at the disk and its permissions"


def open_session(folder: Path) -> Store:
    """The file of a session to read, whether its service runs or not.

    Raises:
        DataError: the folder holds no session.
    """
    path = folder / NAME
    if not path.is_file():
        raise DataError(f"{folder}: holds no {NAME}; name the folder that `vq rate` wrote")
    return Store(path, read_only=True)
