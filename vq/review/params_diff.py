"""The knobs that a change turns, each with the comment that explains it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from vq.errors import DataError
from vq.review.markdown import Section, code, first_rows, plain
from vq.words import count

HEAD = ("knob", "old", "new", "what it is")
MOST = 40
"""Knobs that are shown; the others are counted."""


@dataclass(frozen=True)
class ParamChange:
    """A key of params.yaml, or of another file that has knobs."""

    file: str
    key: str
    """As in `distill.c`."""
    old: str
    """As in the file; empty if it was not there."""
    new: str
    """As in the file; empty if it is there no more."""


def turned(old: Mapping[str, str], new: Mapping[str, str]) -> list[ParamChange]:
    """Keys that differ between two states of the files that stages take params from.

    Both have the text (YAML) of each file, by its path.

    Raises:
        DataError: a file is no YAML.
    """
    changes = []
    for file in sorted({*old, *new}):
        before, after = (_values(file, one.get(file, "")) for one in (old, new))
        changes += [
            ParamChange(file, key, before.get(key, ""), after.get(key, ""))
            for key in {**before, **after}
            if before.get(key) != after.get(key)
        ]
    return changes


def comments(text: str) -> dict[str, str]:
    """The comment of each key of a YAML file, by its path; keys in the order of the file.

    It is behind the value, or in the lines above the key, or that of the section around it:

        teach:                # the ensemble         teach: the ensemble
          dim: 128            # D, its width         teach.dim: D, its width
          hidden: 32                                 teach.hidden: the ensemble

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    lines = text.splitlines()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return dict(_comments(root, lines, "", ""))


def section(knobs: list[ParamChange], old: Mapping[str, str], new: Mapping[str, str]) -> Section:
    """A table of what was turned, in the order of the files; what is gone comes last."""
    after = _explained(new)
    explanations = after | {key: c for key, c in _explained(old).items() if key not in after}
    order = {key: place for place, key in enumerate(explanations)}
    rows = [
        (
            code(knob.key if knob.file == "params.yaml" else f"{knob.file}: {knob.key}"),
            code(knob.old) or "(was not there)",
            code(knob.new) or "(is gone)",
            plain(explanations.get((knob.file, knob.key), "")),
        )
        for knob in sorted(
            knobs, key=lambda knob: (knob.file, order.get((knob.file, knob.key), len(order)))
        )
    ]
    return Section(
        title="Params",
        headline=f"{count(len(rows), 'knob')} turned" if rows else "no knob turned",
        body=first_rows(HEAD, rows, most=MOST),
    )


def _explained(texts: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The comment of each key, by file and key."""
    return {
        (file, key): comment for file in texts for key, comment in comments(texts[file]).items()
    }


def _values(file: str, text: str) -> dict[str, str]:
    try:
        return dict(_leaves(yaml.safe_load(text) or {}, ""))
    except yaml.YAMLError as error:
        raise DataError(f"{file}: is no YAML ({error})") from error


def _leaves(value: Any, above: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - YAML may hold anything
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{above}.{key}" if above else str(key))
    elif above:
        yield above, _shown(value)


def _shown(value: Any) -> str:  # noqa: ANN401 - YAML may hold anything
    return value if isinstance(value, str) and value else json.dumps(value, default=str)


def _comments(
    node: yaml.Node | None, lines: list[str], above: str, around: str
) -> Iterator[tuple[str, str]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        path = f"{above}{key.value}"
        own = _behind(key, value, lines) or _over(key, lines) or around
        yield path, own
        yield from _comments(value, lines, f"{path}.", own)


def _behind(key: yaml.Node, value: yaml.Node, lines: list[str]) -> str:
    """What stands behind a value on its last line, or behind the key of a block."""
    is_block = isinstance(value, yaml.CollectionNode) and not value.flow_style
    end = key.end_mark if is_block else value.end_mark
    rest = lines[end.line][end.column :] if end.line < len(lines) else ""
    return _text(rest.removeprefix(":"))


def _over(key: yaml.Node, lines: list[str]) -> str:
    texts: list[str] = []
    for line in reversed(lines[: key.start_mark.line]):
        if not line.strip().startswith("#"):
            break
        texts.insert(0, _text(line))
    return " ".join(texts)


def _text(rest: str) -> str:
    return rest.strip().removeprefix("#").strip() if rest.strip().startswith("#") else ""
