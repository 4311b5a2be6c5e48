"""A policy from its file: every mistake is a sentence with line and key.

Without pydantic, which takes a third of the time in which scoring starts.
"""

import difflib
import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast, get_args

from vq.causes.vocabulary import CAUSES as CAUSE_NAMES
from vq.errors import DataError
from vq.inference.modes import MODES
from vq.inference.row import Status, Verdict
from vq.metrics.category_rating import LABELS
from vq.policy.conditions import (
    BOUNDS,
    CAUSES,
    OPERATORS,
    SCALED,
    UNSCORED,
    WORDS,
    Between,
    Condition,
    OneOf,
    closure,
    covers,
)
from vq.policy.policy import VERDICTS, Policy, Rule

VOCABULARY: Mapping[str, Collection[str]] = {
    "status": get_args(Status),
    "label": LABELS,
    "mode": MODES,
}
"""Words that a condition may name; any for the others."""
SUBJECTS = (*SCALED, *BOUNDS, *WORDS, CAUSES)


def load(path: Path) -> Policy:
    """Read a policy: YAML, or JSON, for which nothing has to be installed.

    Raises:
        DataError: missing, no policy, or a rule that can never decide.
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is no text"
        raise DataError(f"{name}: cannot be read ({why})") from error
    content, lines = _json(text, name) if path.suffix.lower() == ".json" else _yaml(text, name)
    return parse(content, name=name, lines=lines)


def parse(
    content: object, *, name: str = "policy", lines: Mapping[str, int] | None = None
) -> Policy:
    """The policy that a mapping describes.

    `lines` has the line of each key of its file, by the path of the key, such as
    `rules.0.when.score`.

    Raises:
        DataError: it is none, or has a rule that can never decide.
    """
    at = _At(name, "", lines or {})
    top = at.mapping(content, "a policy", ("rules", "default", "unscored"))
    rules = top.get("rules")
    if not isinstance(rules, list) or not rules:
        at.key("rules").refuse("should be a list of rules, one at least")
    policy = Policy(
        name,
        tuple(_rule(one, at.key("rules").key(place)) for place, one in enumerate(rules)),
        _verdict(top.get("default", "pass"), at.key("default")),
        _verdict(top.get("unscored", "review"), at.key("unscored")),
    )
    for place, rule in enumerate(policy.rules):
        for before, earlier in enumerate(policy.rules[:place]):
            if covers(earlier.conditions, rule.conditions):
                where = f" (line {earlier.line})" if earlier.line else ""
                at.key("rules").key(place).refuse(
                    f"is never reached: rule {before + 1}{where} matches all that it matches; put "
                    "it before that rule, or take it out"
                )
    return policy


def _rule(content: object, at: "_At") -> Rule:
    fields = at.mapping(content, "a rule", ("decision", "when", "reason"))
    for key in ("decision", "when"):
        if key not in fields:
            at.refuse(f"has no {key}")
    reason = fields.get("reason", "")
    if not isinstance(reason, str):
        at.key("reason").refuse(f"should be a text, got {reason!r}")
    where = at.key("when")
    when = where.mapping(fields["when"], "when", SUBJECTS)
    if not when:
        where.refuse("is empty, so that the rule matches everything: say that with default")
    conditions: dict[str, Condition] = {}
    for subject, content_of in when.items():
        here = where.key(subject)
        if subject == CAUSES:
            causes = here.mapping(content_of, CAUSES, tuple(CAUSE_NAMES))
            for cause, bounds in causes.items():
                conditions[f"{CAUSES}.{cause}"] = _between(bounds, (0.0, 1.0), here.key(cause))
        elif subject in WORDS:
            conditions[subject] = _words(content_of, subject, here)
        else:
            bounds = BOUNDS.get(subject, (-math.inf, math.inf))
            conditions[subject] = _between(content_of, bounds, here)
    _check_possible(conditions, where)
    return Rule(
        _verdict(fields["decision"], at.key("decision")), conditions, reason.strip(), at.line
    )


def _check_possible(conditions: Mapping[str, Condition], at: "_At") -> None:
    for name, one in closure(conditions).items():
        if isinstance(one, Between) and one.is_empty:
            at.key(name).refuse("can never be: no number is so, given that low <= score <= high")
    status = conditions.get("status")
    scored = [name for name in conditions if name not in UNSCORED]
    if isinstance(status, OneOf) and not status.holds("ok") and scored:
        at.key("status").refuse(f"can never be: a row with such a status has no {scored[0]}")


def _between(content: object, bounds: tuple[float, float], at: "_At") -> Between:
    fields = at.mapping(content, "it", OPERATORS)
    if not fields:
        at.refuse(f"should say {', '.join(OPERATORS[:-1])} or {OPERATORS[-1]}")
    result, whole = Between(), Between(*bounds)
    for operator, number in fields.items():
        here = at.key(operator)
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number:
            here.refuse(f"should be a number, got {number!r}")
        if not bounds[0] <= number <= bounds[1]:
            here.refuse(f"should be from {bounds[0]:g} to {bounds[1]:g}, got {number:g}")
        one = {
            "below": Between(high=float(number), with_high=False),
            "at_most": Between(high=float(number)),
            "above": Between(low=float(number), with_low=False),
            "at_least": Between(low=float(number)),
        }[operator]
        result = result.both(one)
    if result.both(whole).is_empty:
        at.refuse(f"can never be: {' and '.join(f'{k} {v:g}' for k, v in fields.items())}")
    if whole.is_in(result):
        at.refuse(f"always is: {' and '.join(f'{k} {v:g}' for k, v in fields.items())}")
    return result


def _words(content: object, subject: str, at: "_At") -> OneOf:
    if subject == "warning" and isinstance(content, bool):
        return OneOf((), filled=content)
    contains = isinstance(content, dict)
    if contains:
        content = at.mapping(content, "it", ("contains",)).get("contains")
    words: list[Any] = content if isinstance(content, list) else [content]
    if not words or not all(isinstance(word, str) and word for word in words):
        at.refuse(f"should be a word or a list of words, got {content!r}")
    allowed = VOCABULARY.get(subject)
    for word in words if allowed and not contains else ():
        if word not in cast("Collection[str]", allowed):
            at.refuse(f"{word!r} is none of {', '.join(cast('Collection[str]', allowed))}")
    return OneOf(tuple(words), contains)


def _verdict(value: object, at: "_At") -> Verdict:
    if value not in VERDICTS:
        at.refuse(f"should be {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}, got {value!r}")
    return value


class _At:
    """A place in the file, for what is said of it."""

    def __init__(self, file: str, path: str, lines: Mapping[str, int]) -> None:
        self._file, self._path, self._lines = file, path, lines

    @property
    def line(self) -> int:
        """0 if it is not known."""
        return self._lines.get(self._path, 0)

    def key(self, key: str | int) -> "_At":
        return _At(self._file, f"{self._path}.{key}".lstrip("."), self._lines)

    def mapping(self, content: object, what: str, keys: Collection[str]) -> dict[str, Any]:
        """A mapping with some of these keys and no others."""
        if not isinstance(content, dict):
            self.refuse(f"{what} should be a mapping with {', '.join(keys)}, got {content!r:.60}")
        for key in content:
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(keys)}"
                self.key(key).refuse(f"is no key of {what}{hint}")
        return content

    def refuse(self, why: str) -> NoReturn:
        path, line = self._path, 0
        while path and not line:  # a key that lacks has the line of what it lacks in
            line = self._lines.get(path, 0)
            path = path.rpartition(".")[0]
        where = f"{self._file}:{line}" if line else self._file
        raise DataError(f"{where}: {self._path}: {why}" if self._path else f"{where}: {why}")


def _json(text: str, name: str) -> tuple[object, dict[str, int]]:
    try:
        return json.loads(text), {}
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is no JSON ({error})") from error


def _yaml(text: str, name: str) -> tuple[object, dict[str, int]]:
    try:
        import yaml
    except ImportError as error:
        raise DataError(
            f"{name}: YAML needs pyyaml; pip install 'vq[policy]', or write it as .json"
        ) from error
    lines: dict[str, int] = {}
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
        if node is not None:
            _note(node, "", lines, name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise DataError(f"{where}: is no YAML ({problem})") from error
    except ValueError as error:  # a date that no calendar has
        raise DataError(f"{name}: has a value that cannot be ({error}); write another") from error
    except RecursionError as error:
        raise DataError(f"{name}: is nested too deeply, or in itself; write it out") from error
    return content, lines


def _note(node: Any, path: str, lines: dict[str, int], name: str) -> None:  # noqa: ANN401
    """Line of each key, by its path; a key that is there twice is refused."""
    if node.id == "mapping":
        seen: set[str] = set()
        for key, value in node.value:
            here = f"{path}.{key.value}".lstrip(".")
            lines[here] = key.start_mark.line + 1
            if here in seen:
                raise DataError(f"{name}:{lines[here]}: {here}: is there twice; one is meant")
            seen.add(here)
            _note(value, here, lines, name)
    elif node.id == "sequence":
        for place, value in enumerate(node.value):
            here = f"{path}.{place}".lstrip(".")
            lines[here] = value.start_mark.line + 1
            _note(value, here, lines, name)
