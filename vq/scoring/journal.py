"""Rows on disk while a run goes on, so that no end of it loses them."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from vq.errors import BusyError, DataError
from vq.files import atomic
from vq.inference.modes import EXACT, ModeRequest
from vq.inference.row import Row
from vq.scoring.formats import FORMS, About, line, parse_line, read


class Journal:
    """The rows for a file: a line each as they come, beside the file until it is written.

    A run that is killed leaves its journal, `.NAME.part`, and the next one may go on from it.
    """

    def __init__(self, output: Path, form: str) -> None:
        """Make the journal; whoever cannot write there learns it before the work.

        Raises:
            DataError: the file cannot be written.
            BusyError: another run writes it.
        """
        if output.is_dir():
            raise DataError(f"{output}: is a folder; name a file in it")
        if output.exists() and not output.is_file():
            # What is finished takes its place, and that of a device must not be taken.
            raise DataError(f"{output}: is no ordinary file; leave out --output, or name another")
        self.output = output
        self.form = form
        self._places: dict[str, int] = {}
        self._path = output.with_name(f".{output.name}.part")
        with _explained(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: a row is on disk, or the error comes while we know which.
            self._file = self._path.open("ab", buffering=0)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                self._file.close()
                raise BusyError(f"{output}: another run is writing it; wait for its end") from error
            if not (self._path.exists() and self._path.samefile(f"/dev/fd/{self._file.fileno()}")):
                # Another run ended, and took the file away, between our opening and locking it.
                self._file.close()
                raise BusyError(f"{output}: another run has just written it; run again")

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        """Close it; an empty one is of no use to anybody."""
        if not self._file.closed:
            if not os.fstat(self._file.fileno()).st_size:
                self._path.unlink(missing_ok=True)
            self._file.close()

    def begin(self) -> None:
        """Forget what an earlier run left."""
        self._file.truncate(0)

    def resume(
        self,
        model: str,
        closely: ModeRequest = EXACT,
        *,
        feature: bool = False,
        causes: bool = False,
    ) -> set[str]:
        """Take over the rows of an earlier run, and say which videos have a score.

        If the second `feature` or `causes` are wanted, a score without them is none; nor is one
        without a label, of an earlier version.

        Scores of two models do not belong into one file, nor do those of two modes, unless a budget
        chooses them.

        Raises:
            DataError: the scores are another model's or mode's, or those of `--decide`, or the file
                holds no rows.
        """
        scored: set[str] = set()
        wanted = tuple(name for name, value in (("feature", feature), ("causes", causes)) if value)
        for offset, row in self._left():
            self._places[row.video] = offset
            self._take(row, model, closely, scored, wanted)
        if self.output.exists():
            for row in read(self.output, self.form):
                if row.video not in self._places:
                    self.add(row)
                    self._take(row, model, closely, scored, wanted)
        return scored

    def rows(self) -> Iterator[Row]:
        """The rows so far, in the order in which their videos first came."""
        with self._path.open("rb") as journal:
            yield from (_row_at(place, journal) for place in self._places.values())

    def add(self, row: Row) -> None:
        """Keep a row; it takes the place of an earlier one of the same video.

        Raises:
            DataError: the disk is full, say.
        """
        left = memoryview(line(row))
        with _explained(self.output, "; with --resume, the rows so far are kept"):
            place = self._file.seek(0, os.SEEK_END)
            while left:  # a disk that is nearly full takes a part
                left = left[self._file.write(left) :]
        self._places[row.video] = place

    def finish(self, order: Iterable[str], about: About) -> None:
        """Write the file: rows of videos outside `order` first, then `order`; the journal goes.

        Without a policy (`about`) no row keeps the decision of an earlier run.

        Raises:
            DataError: the file cannot be written; the journal stays.
        """
        with _explained(self.output, "; with --resume, the rows so far are kept"):
            with (
                self._path.open("rb") as journal,
                atomic(self.output) as path,
                path.open("wb") as file,
            ):
                rows = (_row_at(place, journal) for place in self._in(order))
                if not about.decision:
                    rows = (replace(row, decision="", decision_reason="") for row in rows)
                FORMS[self.form].write(rows, file, about)
            self._path.unlink(missing_ok=True)
            self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def _in(self, order: Iterable[str]) -> Iterator[int]:
        wanted = dict.fromkeys(order)
        yield from (place for video, place in self._places.items() if video not in wanted)
        yield from (self._places[video] for video in wanted if video in self._places)

    def _left(self) -> Iterator[tuple[int, Row]]:
        """What a killed run wrote, up to a line that it did not end."""
        offset = 0
        with self._path.open("rb") as journal:
            for text in journal:
                try:
                    row = parse_line(text)
                except (ValueError, TypeError, KeyError):
                    break
                if not text.endswith(b"\n"):
                    break
                yield offset, row
                offset += len(text)
        self._file.truncate(offset)

    def _take(
        self,
        row: Row,
        model: str,
        closely: ModeRequest,
        scored: set[str],
        wanted: Sequence[str],
    ) -> None:
        if row.status != "ok":
            scored.discard(row.video)
            return
        if row.stage:
            raise DataError(
                f"{self.output}: has scores of --decide, which say only on which side of a "
                "threshold they are; name another --output"
            )
        if row.model != model:
            raise DataError(
                f"{self.output}: has scores of {row.model}, this run would add scores of {model}; "
                "name another --output, or the --model of before"
            )
        # Where nothing is cheaper a fast look is exact; so is a row from before there were modes.
        fits = {"exact", "fast"} if closely.mode == "fast" else {closely.mode}
        if closely.budget_ms is None and (row.mode or "exact") not in fits:
            raise DataError(
                f"{self.output}: has scores of mode {row.mode or 'exact'}, this run would add "
                f"{closely.mode} ones; name another --output, or the --mode of before"
            )
        # Without a label it is a row of an earlier version: a policy would not find the word.
        if all(getattr(row, name) for name in ("label", *wanted)):
            scored.add(row.video)


def _row_at(place: int, journal: IO[bytes]) -> Row:
    journal.seek(place)
    return parse_line(journal.readline())


@contextmanager
def _explained(path: Path, remedy: str = "") -> Iterator[None]:
    """Say which file could not be written."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}){remedy}") from error
