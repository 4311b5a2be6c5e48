"""Agreement on validation before and after a change, and whether the difference is noise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from vq.errors import DataError
from vq.evaluate.interval import Interval
from vq.review.markdown import Section, count, table
from vq.review.paired import Pair, Settings, difference, join
from vq.review.revision import Revision

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


@dataclass(frozen=True)
class Told:
    """A measure as `evaluate` wrote it down, and the ends of its interval if they are known."""

    value: float
    low: float | None
    high: float | None


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
    old: Revision, new: Revision, found: Pair | str, *, behind: bool, to_run: bool
) -> Section:
    """A table of what each revision said of validation, and what to think of the difference.

    Args:
        old: before the change.
        new: after it.
        found: what `pair` gives.
        behind: `evaluate` had not run on all that was there before the change.
        to_run: nor has it after.
    """
    before, after = (_models(revision) for revision in (old, new))
    if isinstance(after, str) or isinstance(before, str):
        reason = after if isinstance(after, str) else before
        return Section(TITLE, f"agreement is not known: {reason}", "")
    settings = _settings(new)
    rows = []
    for model, measure in COMPARED:
        if model not in before or model not in after:
            continue
        told = before[model][measure], after[model][measure]
        rows.append(
            (
                model,
                measure.upper(),
                *map(_with_interval, told),
                *_reading(_difference(found, model, measure, settings), told, measure),
            )
        )
    if not rows:
        return Section(TITLE, "agreement cannot be compared: the two have no model in common", "")
    basis = (
        f"Intervals: {settings.confidence:.0%}, contents resampled; what another seed of training "
        f"would change is not in them. {_basis(found)}"
    )
    body = [table(HEAD, rows), basis]
    if behind:
        body.append(
            f"The numbers before are older than {old.name}, whose dvc.lock is behind: the "
            "difference is that of more than this change."
        )
    if not to_run:
        return Section(TITLE, _headline(rows), "\n\n".join(body))
    late = "agreement after the change is not known: `evaluate` has still to run"
    if before == after:
        return Section(TITLE, late, "")
    return Section(TITLE, late, "\n\n".join(["**These numbers are of an earlier state.**", *body]))


def _difference(found: Pair | str, model: str, measure: str, settings: Settings) -> Interval | None:
    if isinstance(found, str) or f"{model}_old" not in found.rows:
        return None
    return difference(found, model, measure, settings)


def _basis(found: Pair | str) -> str:
    """What the differences rest on, in a sentence."""
    if isinstance(found, str):
        return f"Differences are not known: {found}."
    contents = count(found.rows["content"].nunique(), "content")
    videos = f"{count(len(found.rows), 'validation video')} of {contents}"
    if found.same:
        return f"Differences are paired, on the same {videos}."
    return (
        f"Differences are paired on {videos}, which both have, against the ratings after the "
        "change; the columns before and after are of all that each had."
    )


def _reading(found: Interval | None, told: tuple[Told, Told], measure: str) -> tuple[str, str]:
    if found is None:
        return "", _unpaired(*told)
    shown = f"{found.value:+.3f} " + (
        f"[{found.low:+.3f}, {found.high:+.3f}]" if found.known else "(no interval)"
    )
    if not found.known:
        return shown, "not known: too few contents"
    if found.low == found.high == 0:
        return shown, "the same"
    if not found.excludes(0.0):
        return shown, "may be noise"
    better = (found.value < 0) if measure == "rmse" else (found.value > 0)
    return shown, f"**{'better' if better else 'worse'}**, beyond noise"


def _unpaired(before: Told, after: Told) -> str:
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return "not known: no interval"
    if before.high < after.low or after.high < before.low:
        return "the intervals lie apart: hardly noise"
    return "not known: the intervals overlap"


def _headline(rows: Sequence[Sequence[str]]) -> str:
    """What the first measure comes to; the ends of single intervals are for the table."""
    model, measure, before, after, change, reading = rows[0]
    values = f"{before.partition(' ')[0]} -> {after.partition(' ')[0]}"
    change = f" ({change})" if change else ""
    return f"{measure} of the {model} on validation {values}{change}: {reading.replace('*', '')}"


def _with_interval(told: Told) -> str:
    ends = "" if told.low is None or told.high is None else f" [{told.low:.3f}, {told.high:.3f}]"
    return f"{told.value:.3f}{ends}"


def _models(revision: Revision) -> dict[str, dict[str, Told]] | str:
    file = revision.files["validation"]
    if isinstance(file, str):
        return revision.lacks(file)
    try:
        models = json.loads(file)["models"]
        return {
            name: {measure: Told(**models[name][measure]) for _, measure in COMPARED}
            for name in dict(COMPARED)
            if name in models
        }
    except (ValueError, KeyError, TypeError) as error:
        return revision.lacks(f"validation.json is not what `evaluate` writes ({error})")


def _settings(revision: Revision) -> Settings:
    try:
        raw = yaml.safe_load(revision.params["params.yaml"])
        told = raw["evaluate"]
        return Settings(int(told["bootstrap"]), float(told["confidence"]), int(raw["seed"]))
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"params.yaml of {revision.name}: no `evaluate` in it ({error})") from error
