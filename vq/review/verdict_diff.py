"""What the gates say of the student before and after a change: the one place that knows test."""

import json

from vq.errors import DataError
from vq.gates.verdict import Gate, Verdict
from vq.review.markdown import Section, code, few, table
from vq.review.metrics_diff import Measurement
from vq.review.revision import Revision
from vq.words import count

TITLE = "Verdict on test"
HEAD = ("gate", "before", "after", "why")


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
    gates_before = {} if isinstance(before, str) else {gate.name: gate for gate in before.gates}
    gates_after = {gate.name: gate for gate in after.gates}
    pairs = [
        (name, gates_before.get(name), gates_after.get(name))
        for name in {**gates_after, **gates_before}
    ]
    rows = [
        (name, _state(was), _state(now), now.sentence if now else "is asked no more")
        for name, was, now in sorted(pairs, key=lambda pair: _rank(*pair[1:]))
    ]
    notes = []
    if isinstance(before, str):
        notes.append(f"The verdict before is not known: {before}.")
    elif behind:
        notes.append(old.outdates("The verdict before"))
    moves = {
        "opened": [n for n, was, now in pairs if was and now and now.passed > was.passed],
        "shut": [n for n, was, now in pairs if was and now and now.passed < was.passed],
    }
    changes = [f"{few([code(n) for n in names])} {how}" for how, names in moves.items() if names]
    shut = len(after.objections)
    summary = (
        f"{shut} of {count(len(after.gates), 'gate')} stay shut" if shut else "every gate opens"
    )
    headline = f"verdict: {summary}" + (f" (this change: {', '.join(changes)})" if changes else "")
    return Section(TITLE, headline, "\n\n".join([table(HEAD, rows), *notes]))


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


def _rank(was: Gate | None, now: Gate | None) -> int:
    """The place in the table: what opened or shut, then what is asked on one side only."""
    if was and now:
        return 2 if was.passed == now.passed else 0
    return 1
