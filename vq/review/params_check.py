"""Whether the pipeline takes the params of a change."""

from vq.errors import ParamsError
from vq.params import Params, parse
from vq.review.markdown import Section, plain
from vq.review.revision import Revision
from vq.words import count, which

TITLE = "Checks of the params"
FILE = "params.yaml"


def refusal(revision: Revision) -> list[str]:
    """Why the pipeline refuses the params, a sentence for each key; empty if it takes them."""
    if FILE not in revision.params:
        return [f"{FILE}: no such file, or no stage reads it"]
    try:
        parse(revision.params[FILE], Params, name=FILE)
    except ParamsError as error:
        return str(error).splitlines()
    return []


def section(old: Revision, new: Revision) -> Section | None:
    """The sentences; nothing if both ends are valid.

    Params of an earlier state may have been right in their time: that is no error.
    """
    before, after = refusal(old), refusal(new)
    if not after:
        if not before:
            return None
        wrong = f"{count(len(before), 'key')} that {which(len(before), 'is', 'are')} wrong today"
        return Section(TITLE, f"`{FILE}` of {old.name} has {wrong}", _list(before))
    more = f" (and {len(after) - 1} more)" if len(after) > 1 else ""
    body = _list(after) if more else ""
    return Section(TITLE, f"**error**: {plain(after[0])}{more}", body)


def _list(sentences: list[str]) -> str:
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)
