"""The student's SRCC on each slice of validation before and after a change."""

from dataclasses import dataclass

from vq.files import parse_json
from vq.review.markdown import Section, code, first_rows
from vq.review.revision import Revision
from vq.words import count

TITLE = "Slices of validation"
HEAD = ("slice", ">videos", ">SRCC before", ">after", ">difference")
MOST = 10
NOTE = (
    "The largest loss first. Slices in which `evaluate` ranked too few videos are left out. These "
    "differences have no interval: a slice of few videos moves by chance."
)


@dataclass(frozen=True)
class Line:
    """A slice that both revisions have."""

    name: str
    """Column and value, such as `codec = hevc`."""
    videos: int
    """After the change."""
    before: float
    after: float

    @property
    def change(self) -> str:
        """The difference in numbers."""
        return f"{self.after - self.before:+z.3f}"


def section(old: Revision, new: Revision, *, behind: bool, to_run: bool) -> Section:
    """A table of the slices whose SRCC has changed.

    `evaluate` may be `behind` before the change, or be `to_run` after it: then there is nothing to
    compare.
    """
    if to_run:
        return Section(TITLE, "slices are not known: `evaluate` has still to run", "")
    before, after = _slices(old), _slices(new)
    if isinstance(before, str) or isinstance(after, str):
        reason = after if isinstance(after, str) else before
        return Section(TITLE, f"slices cannot be compared: {reason}", "")
    lines = [
        Line(name, videos, before[name][1], srcc)
        for name, (videos, srcc) in after.items()
        if name in before
    ]
    if not lines:
        return Section(TITLE, "slices: none has enough videos before and after", "")
    moved = sorted(
        (line for line in lines if line.before != line.after),
        key=lambda line: (line.after - line.before, line.after),
    )
    if not moved:
        return Section(TITLE, f"SRCC is the same in {count(len(lines), 'slice')}", "")
    worst = moved[0]
    headline = (
        f"of {count(len(lines), 'slice')}, {code(worst.name)} lost most: SRCC {worst.before:z.3f} "
        f"-> {worst.after:z.3f} ({worst.change}) on {count(worst.videos, 'video')}"
        if worst.after < worst.before
        else f"no slice of {len(lines)} lost SRCC"
    )
    rows = [
        (code(one.name), str(one.videos), f"{one.before:z.3f}", f"{one.after:z.3f}", one.change)
        for one in moved
    ]
    notes = [NOTE]
    if behind:
        notes.append(old.outdates("What was before"))
    return Section(TITLE, headline, "\n\n".join([first_rows(HEAD, rows, most=MOST), *notes]))


def _slices(revision: Revision) -> dict[str, tuple[int, float]] | str:
    """Videos and SRCC of each slice that was ranked."""
    file = revision.files["validation"]
    if isinstance(file, str):
        return revision.lacks(file)
    try:
        return {
            f"{column} = {value}": (int(one["n"]), float(one["srcc"]))
            for column, values in parse_json(file)["slices"].items()
            for value, one in values.items()
            if one["srcc"] is not None
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return revision.lacks(f"validation.json has no slices ({error})")
