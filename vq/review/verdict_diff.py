"""What the gates say of the student before and after a change: the one place that knows test."""

import json
from collections.abc import Sequence

from vq.errors import DataError
from vq.gates.verdict import Gate, Verdict
from vq.review.markdown import Section, phrases, table
from vq.review.metrics_diff import Measurement
from vq.review.revision import Revision
from vq.words import count, which

TITLE = "Verdict on test"
HEAD = ("gate", "before", "after", "why")

GatePair = tuple[str, Gate | None, Gate | None]
"""A gate by name, before and after; None where it is not asked."""


def section(old: Revision, new: Revision, *, behind: bool, to_run: bool) -> Section:
    """Each gate before and after, those that opened or shut first, with the sentence of after.

    `judge` may be `behind`: it had not run on all that was there before the change; or be `to_run`
    after it: a verdict on an earlier state says nothing of it.
    """
    if to_run:
        return Section(TITLE, "there is no verdict on this change: `judge` has still to run", "")
    after = _verdict(new)
    if isinstance(after, str):
        return Section(TITLE, f"there is no verdict: {after}", "")
    before = _verdict(old)
    pairs = _pairs(() if isinstance(before, str) else before.gates, after.gates)
    rows = [
        (name, _state(was), _state(now), now.sentence if now else "is asked no more")
        for name, was, now in sorted(pairs, key=_rank)
    ]
    notes = []
    if isinstance(before, str):
        notes.append(f"The verdict before is not known: {before}.")
    elif behind:
        notes.append(old.outdates("The verdict before"))
    body = "\n\n".join([table(HEAD, rows), *notes])
    return Section(TITLE, f"verdict: {_summary(after)}{_changes(pairs)}", body)


def _summary(verdict: Verdict) -> str:
    shut = len(verdict.objections)
    gates = count(len(verdict.gates), "gate")
    return f"{shut} of {gates} {which(shut, 'stays', 'stay')} shut" if shut else "every gate opens"


def _changes(pairs: Sequence[GatePair]) -> str:
    """Which gates opened or shut; their values are of test, and no matter of a summary."""
    both = [(name, was.passed, now.passed) for name, was, now in pairs if was and now]
    changes = phrases(
        {
            "opened": [name for name, was, now in both if now > was],
            "shut": [name for name, was, now in both if now < was],
        }
    )
    return f" (this change: {changes})" if changes else ""


def _pairs(old: Sequence[Gate], new: Sequence[Gate]) -> list[GatePair]:
    before, after = ({gate.name: gate for gate in gates} for gates in (old, new))
    return [(name, before.get(name), after.get(name)) for name in {**after, **before}]


def _verdict(revision: Revision) -> Verdict | str:
    file = revision.files["verdict"]
    if isinstance(file, str):
        return revision.lacks(file)
    try:
        return Verdict.from_json(json.loads(file))
    except (ValueError, DataError) as error:
        return revision.lacks(f"verdict.json cannot be read ({error})")


def _state(gate: Gate | None) -> str:
    if gate is None:
        return "-"
    state = "open" if gate.passed else "**shut**"
    if gate.value is None:
        return f"{state}, not measured"
    return f"{state}, {Measurement(gate.value, gate.low, gate.high)}"


def _rank(pair: GatePair) -> int:
    """The place in the table: what opened or shut, then what is asked on one side only."""
    _, was, now = pair
    if was is None or now is None:
        return 1
    return 2 if was.passed == now.passed else 0
