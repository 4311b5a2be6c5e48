"""The checks of what a change does to the data: limits on what is dropped, replaced, relabelled."""

import logging
from collections.abc import Sequence
from pathlib import Path

import yaml

from vq.data import card as cards
from vq.errors import DataError, ParamsError
from vq.params import Versions, parse
from vq.review.markdown import Section, code, plain, table_of_kinds
from vq.review.revision import Revision
from vq.words import count

TITLE = "Checks of the data"
HEAD = ("video", "check", "found", "what to do")
PARAMS = "params.yaml"


def judge(
    old: Revision, new: Revision, *, to_run: bool, docs: Path | None = None
) -> tuple[Section, bool]:
    """Hold the videos of both ends against the limits of the new one's params.

    The second value is whether every limit holds; not so where that is not known.

    With `to_run`, `import` has still to run there: what it will find is not known. Pages of the
    suite are written into `docs` if any video differs.
    """
    if to_run:
        return _unknown("`import` has still to run on this change")
    md5 = old.hash_of("manifest")
    if md5 and md5 == new.hash_of("manifest") and old.files["card"] == new.files["card"]:
        return Section(TITLE, "checks of the data: nothing to check", ""), True
    for name in ("manifest", "card"):
        for end in (old, new):
            if isinstance(why := end.files[name], str):
                return _unknown(end.lacks(why))
    try:
        limits = _limits(new)
    except ParamsError as error:
        return _unknown(new.lacks(plain(" ".join(str(error).split()))))
    if limits is None:
        return _unknown(new.lacks(f"`{PARAMS}` has no section `versions`"))
    # Great Expectations takes seconds to import, and says a hundred things nobody asked.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    from vq.validation import version_checks

    before, after = (version_checks.read(_bytes(end, "manifest"), _card(end)) for end in (old, new))
    for end, version in ((old, before), (new, after)):
        if others := sorted(set(version.rows["dataset"]) - version.card.sets.keys()):
            names = ", ".join(map(code, others))
            return _unknown(end.lacks(f"`import` ran last for another data set ({names})"))
    findings = version_checks.find(before, after, params=limits, docs=docs)
    if findings.empty:
        return Section(TITLE, "checks of the data: every limit holds", ""), True
    kinds: dict[str, list[Sequence[str]]] = {}
    for one in findings.astype(str).to_dict("records"):
        row = (code(one["video"]), one["check"], code(one["value"]), one["remedy"])
        kinds.setdefault(one["check"], []).append(row)
    summary = ", ".join(f"{count(len(rows), 'video')} {check}" for check, rows in kinds.items())
    headline = f"checks of the data: {summary}, which is more than the limits allow"
    return Section(TITLE, headline, table_of_kinds(HEAD, kinds)), False


def _unknown(why: str) -> tuple[Section, bool]:
    return Section(TITLE, f"the data cannot be checked: {why}", ""), False


def _bytes(end: Revision, name: str) -> bytes:
    file = end.files[name]
    return file.encode() if isinstance(file, str) else file


def _card(end: Revision) -> cards.Card:
    try:
        return parse(_bytes(end, "card").decode(), cards.Card, name=f"card.yaml of {end.name}")
    except ParamsError as error:
        raise DataError(str(error)) from error


def _limits(end: Revision) -> Versions | None:
    """The section of params; none where a commit is older than it."""
    raw = yaml.safe_load(end.params.get(PARAMS, "")) or {}
    if "versions" not in raw:
        return None
    return parse(yaml.safe_dump(raw["versions"]), Versions, name=f"versions of {PARAMS}")
