"""Which experts the teacher keeps before and after a change, and why."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from vq.review.markdown import Section, code, phrases, plain, table_of_kinds
from vq.review.revision import Revision
from vq.words import count

TITLE = "Zoo"
HEAD = ("expert", "before", "after", "why")
KINDS = ("kept", "dropped", "gone")
"""What an expert is after the change; `gone` means that params.yaml names it no more."""


@dataclass(frozen=True)
class Expert:
    """The outcome of pruning for one expert."""

    kept: bool
    reason: str


def section(old: Revision, new: Revision, *, behind: bool, to_run: bool) -> Section:
    """A table of the experts whose lot has changed, and the combination.

    `prune` may be `behind`: it had not run on all that was there before the change; or be `to_run`
    after it: then there is nothing to compare.
    """
    if to_run:
        return Section(TITLE, "experts are not known: `prune` has still to run", "")
    after = _experts(new)
    if isinstance(after, str):
        return Section(TITLE, f"experts are not known: {after}", "")
    kept = _kept(after)
    size = f"{len(kept)} of {count(len(after), 'expert')}"
    before = _experts(old)
    if isinstance(before, str):
        return Section(TITLE, f"{size} kept; before is not known: {before}", _combination(kept))
    rows = _rows(before, after)
    if not any(rows.values()):
        return Section(TITLE, f"the same {size} kept", "")
    was_kept = _kept(before)
    moves = {
        "joined": [name for name in kept if name not in was_kept],
        "left": [name for name in was_kept if name not in kept],
    }
    notes = [f"{_combination(kept)} Before: {_names(was_kept)}."]
    if behind:
        notes.append(old.outdates("What was before"))
    return Section(
        title=TITLE,
        headline=f"{size} kept: {phrases(moves) or 'the same combination'}",
        body="\n\n".join([table_of_kinds(HEAD, rows), *notes]),
    )


def _experts(revision: Revision) -> dict[str, Expert] | str:
    file = revision.files["pruning"]
    if isinstance(file, str):
        return revision.lacks(file)
    try:
        rows = pd.read_csv(io.BytesIO(file), keep_default_na=False)
        if rows["kept"].dtype != bool:
            raise ValueError("column kept: not True or False")
        reasons = rows["reason"].astype(str)
        experts = zip(rows["expert"].astype(str), rows["kept"], reasons, strict=True)
        return {name: Expert(bool(kept), reason) for name, kept, reason in experts}
    except (ValueError, KeyError) as error:
        return revision.lacks(f"prune.csv is not what `prune` writes ({error})")


def _rows(
    before: Mapping[str, Expert], after: Mapping[str, Expert]
) -> dict[str, list[tuple[str, ...]]]:
    """A row for each expert whose lot has changed, by what it is now."""
    rows: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in KINDS}
    for name in {**after, **before}:
        was, now = _state(before, name), _state(after, name)
        if was != now:
            reason = after[name].reason if name in after else ""
            first = "was not there" if was == "gone" else was
            rows[now].append((code(name), first, now, plain(reason)))
    return rows


def _state(experts: Mapping[str, Expert], name: str) -> str:
    if name not in experts:
        return "gone"
    return "kept" if experts[name].kept else "dropped"


def _kept(experts: Mapping[str, Expert]) -> list[str]:
    return sorted(name for name, expert in experts.items() if expert.kept)


def _combination(kept: list[str]) -> str:
    return f"Combination: {_names(kept)}."


def _names(experts: list[str]) -> str:
    return ", ".join(map(code, experts)) or "none"
