"""The accuracy of champions over time: a line of JSON for each delivery and champion.

    data/mine/accuracy.jsonl      {"delivery": "5f3c...", "when": "2026-11-30T14:05:00+00:00", ...}

The file lies with the data set, and is for git. No stage reads it. Lines are only added, so that
git keeps those of both branches in a merge (`.gitattributes`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

from vq.accuracy import measures
from vq.errors import DataError
from vq.files import write_text
from vq.metrics.interval import Interval
from vq.metrics.summary import as_json, rounded

FILE = "accuracy.jsonl"
"""In the folder of the data set."""
MOST_RATED = 500
"""Videos of a delivery that a record lists; a larger one says enough by itself."""


@dataclass(frozen=True)
class RatedScore:
    """A video that the champion scored, and what people said of it."""

    content: str
    """Hash of what it shows."""
    score: float
    low: float | None
    """End of the interval around the score, as `high`; None from a model that gives none."""
    high: float | None
    mos: float
    random: bool
    """Whether it is known to be drawn at random."""


@dataclass(frozen=True)
class Record:
    """How a champion's scores of a delivery agree with the ratings that came with it."""

    delivery: str
    """Hash of the files and ratings that were measured: the same delivery again has the same."""
    when: str
    """UTC, ISO 8601."""
    model: str
    """Name and hash of the student, as rows have it."""
    version: str
    """Of the registered model, such as `3`."""
    opinion: str
    """Whose ratings: `human` or `synthetic`."""
    videos: int
    """Rated videos with a score: those that the measures are of."""
    contents: int
    """Of these videos."""
    failed: int
    """Rated videos that the champion could not score."""
    learnt: int
    """Rated videos that were left out: the champion has learnt from them, or from their content."""
    promised: float | None
    """Coverage that the champion's card promises; None if it has no intervals."""
    measures: Mapping[str, Interval]
    """Those of `vq.accuracy.measures.MEASURES` that could be had."""
    rated: tuple[RatedScore, ...] = ()
    """Each video, so that small deliveries can be pooled; none of more than `MOST_RATED`."""

    @property
    def id(self) -> UUID:
        """The same for the same delivery and champion."""
        return uuid5(NAMESPACE_OID, f"{self.delivery} {self.model}")

    def line(self) -> str:
        """The record as a line of the file; numbers have six decimals, of videos four."""
        measured = {
            name: as_json(self.measures[name]) if name in self.measures else None
            for name in measures.MEASURES
        }
        rated = [[_rounded(value) for value in asdict(one).values()] for one in self.rated]
        fields = asdict(self) | {"measures": measured, "rated": rated}
        return json.dumps(rounded(fields), allow_nan=False)


def read(path: Path) -> list[Record]:
    """The records of a file, the earliest first; none if there is no file.

    Of a delivery and a champion that a merge has brought twice, the earliest counts.

    Raises:
        DataError: a line is no record.
    """
    if not path.exists():
        return []
    records: dict[UUID, Record] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    parsed = [_parse(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for record in sorted(parsed, key=lambda record: record.when):
        records.setdefault(record.id, record)
    return list(records.values())


def add(path: Path, record: Record) -> None:
    """Write a record behind the others; one that is there already stays as it is.

    Raises:
        DataError: a line of the file is no record.
    """
    if any(earlier.id == record.id for earlier in read(path)):
        return
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    write_text(path, "".join(f"{line}\n" for line in [*lines, record.line()]))


def _parse(path: Path, number: int, line: str) -> Record:
    try:
        raw = json.loads(line)
        return Record(
            delivery=str(raw["delivery"]),
            when=str(raw["when"]),
            model=str(raw["model"]),
            version=str(raw["version"]),
            opinion=str(raw["opinion"]),
            videos=int(raw["videos"]),
            contents=int(raw["contents"]),
            failed=int(raw["failed"]),
            learnt=int(raw["learnt"]),
            promised=None if raw["promised"] is None else float(raw["promised"]),
            measures=measures.from_json(raw["measures"]),
            rated=tuple(RatedScore(*one) for one in raw["rated"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: line {number} is no record of an accuracy: {line[:60]!r}; take it out, or "
            "`git checkout` the file"
        ) from error


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
