"""The knobs that a change turns, each with the comment that explains it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vq.review.markdown import Section, code, count, plain, table
from vq.workspace import opened

HEAD = ("knob", "old", "new", "what it is")
MOST = 40
"""Knobs that are shown; the others are counted."""


@dataclass(frozen=True)
class Knob:
    """A key of params.yaml, or of another file that dvc.yaml names."""

    file: str
    key: str
    """As in `distill.c`."""
    old: str
    """As in the file; empty if it was not there."""
    new: str
    """As in the file; empty if it is there no more."""
    comment: str = ""


def turned(root: Path, old: str, new: str | None) -> list[Knob]:
    """What `dvc params diff` finds between two commits, or a commit and the working tree.

    Raises:
        DataError: dvc cannot read either of them.
    """
    with opened(root) as repo:
        found = repo.params.diff(old, new or "workspace").get("diff", {})
    return [
        Knob(file, key, _value(values, "old"), _value(values, "new"))
        for file, keys in sorted(found.items())
        for key, values in keys.items()
    ]


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


def section(knobs: list[Knob], old: bytes | str, new: bytes | str) -> Section:
    """A table of what was turned, in the order of params.yaml; what is gone comes last.

    Args:
        knobs: as `turned` gives them.
        old: params.yaml before; as text, why it is not to be had.
        new: params.yaml after.
    """
    now, once = _known(new), _known(old)
    told = {**now, **{key: comment for key, comment in once.items() if key not in now}}
    order = {key: place for place, key in enumerate(told)}
    rows = [
        (
            code(knob.key if knob.file == "params.yaml" else f"{knob.file}: {knob.key}"),
            code(knob.old) or "(was not there)",
            code(knob.new) or "(is gone)",
            plain(told.get(knob.key, "")) if knob.file == "params.yaml" else "",
        )
        for knob in sorted(knobs, key=lambda knob: (knob.file, order.get(knob.key, len(order))))
    ]
    more = f"\n\nAnd {len(rows) - MOST} more." if len(rows) > MOST else ""
    return Section(
        title="Params",
        headline=f"{count(len(rows), 'knob')} turned" if rows else "no knob turned",
        body=table(HEAD, rows[:MOST]) + more if rows else "",
    )


def _known(file: bytes | str) -> dict[str, str]:
    return {} if isinstance(file, str) else comments(file.decode())


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
    found: list[str] = []
    for line in reversed(lines[: key.start_mark.line]):
        if not line.strip().startswith("#"):
            break
        found.insert(0, _text(line))
    return " ".join(found)


def _text(rest: str) -> str:
    return rest.strip().removeprefix("#").strip() if rest.strip().startswith("#") else ""


def _value(values: Mapping[str, Any], side: str) -> str:
    value = values.get(side)
    if side not in values or value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
