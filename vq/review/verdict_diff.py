"""What the gates said of the student after a change: the one place of a review that knows test."""

import json

from vq.errors import DataError
from vq.gates.verdict import Verdict
from vq.review.markdown import Section, table
from vq.review.revision import Revision
from vq.words import count

TITLE = "Verdict on test"


def section(new: Revision, *, to_run: bool) -> Section:
    """The sentence of each gate.

    With `to_run`, `judge` has still to run there: a verdict on an earlier state says nothing of it.
    """
    if to_run:
        return Section(TITLE, "there is no verdict on this change: `judge` has still to run", "")
    file = new.files["verdict"]
    if isinstance(file, str):
        return Section(TITLE, f"there is no verdict: {new.lacks(file)}", "")
    try:
        verdict = Verdict.from_json(json.loads(file))
    except (ValueError, DataError) as error:
        return Section(TITLE, f"there is no verdict that can be read ({error})", "")
    shut = len(verdict.objections)
    summary = (
        f"{shut} of {count(len(verdict.gates), 'gate')} stay shut" if shut else "every gate opens"
    )
    rows = [
        (gate.name, "open" if gate.passed else "**shut**", gate.sentence) for gate in verdict.gates
    ]
    return Section(TITLE, f"verdict: {summary}", table(("gate", "", "why"), rows))
