"""`vq preset`: set several knobs at once, for a kind of machine or a purpose."""

import sys
from argparse import ArgumentParser, Namespace
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from vq import params
from vq.errors import DataError, ParamsError
from vq.files import write_text

FOLDER = Path("presets")
"""In the workspace; a team adds its own there."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq preset` takes."""
    parser.add_argument("name", nargs="?", help="of a file in presets/; without it, list them")
    parser.add_argument("--dry-run", action="store_true", help="show the diff, change nothing")


def run(args: Namespace) -> int:
    """Set the knobs of a preset, and show what that changes; 0, or an error.

    Raises:
        ParamsError: there is no such preset, or the pipeline would refuse the params.
        DataError: a file that it changes is missing.
    """
    if args.name is None:
        sys.stdout.writelines(f"{name:8} {_first_line(name)}\n" for name in names())
        return 0
    changed = apply(args.name)
    for path, (old, new) in changed.items():
        lines = unified_diff(old.splitlines(True), new.splitlines(True), f"a/{path}", f"b/{path}")
        sys.stdout.writelines(lines)
    if not any(old != new for old, new in changed.values()):
        sys.stdout.write(f"{args.name}: nothing to change\n")
    if not args.dry_run:
        for path, (_, new) in changed.items():
            write_text(path, new)
    return 0


def names() -> list[str]:
    """Presets of the workspace."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def apply(name: str) -> dict[Path, tuple[str, str]]:
    """The text of each file that a preset changes, before and after; comments stay.

    Raises:
        ParamsError: as `run`.
        DataError: as `run`.
    """
    path = FOLDER / f"{name}.yaml"
    if name not in names():
        raise ParamsError(f"{path}: no such preset; there are {', '.join(names()) or 'none'}")
    files = _read(path)
    changed = {Path(file): _changed(Path(file), knobs) for file, knobs in files.items()}
    for file, (_, new) in changed.items():
        if file == Path("params.yaml"):
            params.parse(new, params.Params, name=f"{path}: {file}")
    return changed


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        files = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ParamsError(f"{path}: not valid YAML ({error})") from error
    if not isinstance(files, dict) or not all(isinstance(knobs, dict) for knobs in files.values()):
        raise ParamsError(
            f"{path}: should have knobs under the name of their file, params.yaml, say"
        )
    return files


def _changed(file: Path, knobs: dict[str, Any]) -> tuple[str, str]:
    from dvc.utils.serialize import dumps_yaml, loads_yaml

    try:
        old = file.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from error
    tree = loads_yaml(old, typ="rt")
    _merge(tree, knobs)
    return old, dumps_yaml(tree)


def _merge(tree: Any, knobs: dict[str, Any]) -> None:  # noqa: ANN401 - what ruamel makes of YAML
    for key, value in knobs.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = value


def _first_line(name: str) -> str:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return text.splitlines()[0].removeprefix("#").strip() if text.startswith("#") else ""
