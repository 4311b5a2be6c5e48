"""Videos that show what a score looks like: some of each half step of the scale."""

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vq.errors import DataError
from vq.files import atomic
from vq.inference.row import Row
from vq.metrics.category_rating import ends_of, step_of
from vq.scoring.scoring_pool import Greeting

SHOWN = 6
"""Videos of each step."""
ENDINGS = (".html", ".htm")
JPEG = re.compile(r"data:image/jpeg;base64,[A-Za-z0-9+/]*={0,2}")
Pictures = Callable[[Sequence[str]], Iterable[str]]
"""For each video the frame in its middle, as a data URI; empty where there is none."""


@dataclass(frozen=True)
class Example:
    """A scored video, and what it looks like."""

    row: Row
    picture: str
    """JPEG as a data URI; empty if the file cannot be decoded any more."""


@dataclass(frozen=True)
class Step:
    """A part of the scale, and some of the videos whose score lies in it."""

    low: float
    high: float
    videos: int
    """In this step."""
    below: int
    """In all steps of lower scores."""
    examples: tuple[Example, ...] = ()
    """The lowest score first."""


@dataclass
class Examples:
    """Chooses examples among rows as they come; keeps few of them."""

    scale: tuple[float, float]
    counts: Counter[int] = field(default_factory=Counter)
    _kept: dict[int, list[tuple[int, str, Row]]] = field(default_factory=dict)

    @property
    def videos(self) -> int:
        """How many have a score."""
        return self.counts.total()

    def add(self, row: Row) -> None:
        """Consider a row; one without a score is no example.

        Chosen are those whose names have the least hashes: as good as at random, and the same
        whatever the order of the rows.
        """
        if row.score is None:
            return
        step = step_of(row.score, self.scale)
        self.counts[step] += 1
        kept = self._kept.setdefault(step, [])
        name = row.video.encode("utf-8", "surrogateescape")
        place = int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
        heapq.heappush(kept, (-place, row.video, row))
        if len(kept) > SHOWN:
            heapq.heappop(kept)

    def steps(self, pictures: Pictures) -> Iterator[Step]:
        """The steps from the lowest score with a video to the highest; looks at their pictures."""
        below = 0
        for number in range(min(self.counts, default=0), max(self.counts, default=-1) + 1):
            rows = [row for *_, row in self._kept.get(number, [])]
            rows.sort(key=lambda row: (row.score or 0.0, row.video))
            looks = pictures([row.video for row in rows])
            examples = tuple(Example(*pair) for pair in zip(rows, looks, strict=True))
            step = Step(*ends_of(number, self.scale), self.counts[number], below, examples)
            yield step
            below += step.videos


def check(path: Path) -> None:
    """See that a page can be written there, by its name.

    Raises:
        DataError: it cannot.
    """
    if path.suffix.lower() not in ENDINGS or path.is_dir():
        raise DataError(f"{path}: examples are one page; name a file that ends in .html")


def is_ours(path: Path) -> bool:
    """Whether a file is a page of examples; so is an empty one."""
    from vq.scoring.examples_page import MARK

    try:
        with path.open("rb") as file:
            head = file.read(1000)
    except OSError:
        return False
    return not head or MARK.encode() in head


def write(path: Path, examples: Examples, greeting: Greeting, pictures: Pictures) -> None:
    """Write the page.

    Raises:
        DataError: the file cannot be written.
    """
    from vq.scoring.examples_page import render

    steps = [_checked(step) for step in examples.steps(pictures)]
    text = render(steps, greeting, videos=examples.videos)
    try:
        with atomic(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error


def _checked(step: Step) -> Step:
    """A picture comes from whoever decoded a stranger's file: it is a JPEG, or none."""
    return replace(
        step,
        examples=tuple(
            one if JPEG.fullmatch(one.picture) else replace(one, picture="")
            for one in step.examples
        ),
    )
