"""Agreement on validation before and after a change, and whether the difference is noise."""

from dataclasses import dataclass

import yaml

from vq.errors import DataError
from vq.files import parse_json
from vq.metrics.interval import Bootstrap, Interval
from vq.review.markdown import Section, table
from vq.review.paired import Pair, difference, join
from vq.review.revision import Revision
from vq.words import count

TITLE = "Agreement on validation"
HEAD = ("model", "measure", ">before", ">after", ">difference", "reading")
COMPARED = (
    ("student", "srcc"),
    ("student", "plcc"),
    ("student", "rmse"),
    ("plain", "srcc"),
    ("teacher", "srcc"),
)
"""Model and measure, in the order of the table."""
ERRORS = ("rmse",)
"""Measures of which less is better."""


@dataclass(frozen=True)
class Measurement:
    """A measure as `evaluate` wrote it down, and the ends of its interval if they are known."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        ends = (
            "" if self.low is None or self.high is None else f" [{self.low:z.3f}, {self.high:z.3f}]"
        )
        return f"{self.value:z.3f}{ends}"


@dataclass(frozen=True)
class Line:
    """A measure of one model, before the change and after."""

    model: str
    measure: str
    before: Measurement
    after: Measurement
    difference: Interval | None
    """After less before, on the same videos; None if they cannot be paired."""

    @property
    def change(self) -> str:
        """The difference in numbers; empty if it is not known."""
        if self.difference is None:
            return ""
        one = self.difference
        ends = f"[{one.low:+z.3f}, {one.high:+z.3f}]" if one.has_bounds else "(no interval)"
        return f"{one.value:+z.3f} {ends}"

    @property
    def reading(self) -> str:
        """Whether the difference may be noise."""
        if self.difference is None:
            return _apart(self.before, self.after)
        if not self.difference.has_bounds:
            return "not known: too few contents"
        if self.difference.low == self.difference.high == 0:
            return "the same"
        if not self.difference.excludes(0.0):
            return "may be noise"
        better = (self.difference.value < 0) == (self.measure in ERRORS)
        return f"**{'better' if better else 'worse'}**, beyond noise"


def _apart(before: Measurement, after: Measurement) -> str:
    """Compare the two intervals themselves: wider than that of a paired difference."""
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return "not known: no interval"
    if before.high < after.low or after.high < before.low:
        return "the intervals lie apart: hardly noise"
    return "may be noise: the intervals overlap"


def pair(old: Revision, new: Revision) -> Pair | str:
    """The predictions of two revisions on the same videos; as text, why they are not to be had.

    Raises:
        DataError: they are not what `evaluate` writes.
    """
    before, after = old.files["predictions"], new.files["predictions"]
    if isinstance(before, str):
        return old.lacks(before)
    if isinstance(after, str):
        return new.lacks(after)
    return join(before, after, list(dict(COMPARED)))


def section(
    old: Revision, new: Revision, paired: Pair | str, *, behind: bool, to_run: bool
) -> Section:
    """A table of what each revision said of validation, and what to think of the difference.

    `evaluate` may be `behind`: it had not run on all that was there before the change; or be
    `to_run` after it: then there is nothing to compare.
    """
    if to_run:
        return Section(TITLE, "agreement is not known: `evaluate` has still to run", "")
    before, after = (_models(revision) for revision in (old, new))
    if isinstance(after, str) or isinstance(before, str):
        reason = after if isinstance(after, str) else before
        return Section(TITLE, f"agreement is not known: {reason}", "")
    bootstrap = bootstrap_of(new)
    lines = [
        Line(
            model,
            measure,
            before[model][measure],
            after[model][measure],
            _difference(paired, model, measure, bootstrap),
        )
        for model, measure in COMPARED
        if model in before and model in after
    ]
    if not lines:
        return Section(TITLE, "agreement cannot be compared: the two have no model in common", "")
    notes = [
        f"Intervals: {bootstrap.confidence:.0%}, contents resampled; what another seed of training "
        f"would change is not in them. {_basis(paired)}"
    ]
    if behind:
        notes.append(
            f"The numbers before are older than {old.name}, whose dvc.lock is behind: the "
            "difference is that of more than this change."
        )
    rows = [
        (one.model, one.measure.upper(), str(one.before), str(one.after), one.change, one.reading)
        for one in lines
    ]
    return Section(TITLE, _headline(lines[0]), "\n\n".join([table(HEAD, rows), *notes]))


def _headline(line: Line) -> str:
    """What the first measure comes to; the ends of single intervals are for the table."""
    values = f"{line.before.value:z.3f} -> {line.after.value:z.3f}"
    change = f" ({line.change})" if line.change else ""
    reading = line.reading.replace("*", "")
    return f"{line.measure.upper()} of the {line.model} on validation {values}{change}: {reading}"


def _difference(
    paired: Pair | str, model: str, measure: str, bootstrap: Bootstrap
) -> Interval | None:
    if isinstance(paired, str) or f"{model}_old" not in paired.rows:
        return None
    return difference(paired, model, measure, bootstrap)


def _basis(paired: Pair | str) -> str:
    """What the differences rest on, in a sentence."""
    if isinstance(paired, str):
        return f"Differences are not known: {paired}."
    contents = count(paired.rows["content"].nunique(), "content")
    videos = f"{count(len(paired.rows), 'validation video')} of {contents}"
    if paired.same:
        return f"Differences are paired, on the same {videos}."
    return (
        f"Differences are paired on {videos}, which both have, against the ratings after the "
        "change; the columns before and after are of all that each had."
    )


def _models(revision: Revision) -> dict[str, dict[str, Measurement]] | str:
    file = revision.files["validation"]
    if isinstance(file, str):
        return revision.lacks(file)
    try:
        models = parse_json(file)["models"]
        return {
            name: {measure: Measurement(**models[name][measure]) for _, measure in COMPARED}
            for name in dict(COMPARED)
            if name in models
        }
    except (ValueError, KeyError, TypeError) as error:
        return revision.lacks(f"validation.json is not what `evaluate` writes ({error})")


def bootstrap_of(revision: Revision) -> Bootstrap:
    """As `evaluate` and `seed` of the params after the change have it."""
    try:
        raw = yaml.safe_load(revision.params["params.yaml"])
        evaluate = raw["evaluate"]
        numbers = (int(evaluate["bootstrap"]), float(evaluate["confidence"]), int(raw["seed"]))
        return Bootstrap(*numbers)
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"params.yaml of {revision.name}: no `evaluate` in it ({error})") from error
