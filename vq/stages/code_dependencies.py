"""The code that each stage in dvc.yaml depends on: no more and no less than what it imports.

    python -m vq.stages.code_dependencies            say whether dvc.yaml lists it rightly
    python -m vq.stages.code_dependencies --write    correct dvc.yaml

A folder stands for its files where a stage needs all of them.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vq.code_version import is_noise
from vq.imports import PACKAGE, closure
from vq.stages import STAGES, module_of

TRACKED_OTHERWISE = frozenset({"vq/params.py", "vq/stages/__init__.py"})
"""Dvc compares the values in params.yaml that a stage reads, one by one; and what finds a stage is
no part of what it does."""


def dependencies(stage: str, *, package: Path = PACKAGE) -> tuple[str, ...]:
    """Files and folders of the library that a stage depends on, sorted."""
    needed = set(closure(module_of(stage), package=package)) - TRACKED_OTHERWISE
    return _folded(needed, package)


def outdated(text: str, *, package: Path = PACKAGE) -> Mapping[str, tuple[str, ...]]:
    """Stages of a dvc.yaml that list other code than they need, and what they should list."""
    blocks = _blocks(text)
    wanted = {stage: dependencies(stage, package=package) for stage in STAGES}
    return {
        stage: files
        for stage, files in wanted.items()
        if tuple(_CODE.findall(blocks[stage])) != files
    }


def corrected(text: str, *, package: Path = PACKAGE) -> str:
    """The text of a dvc.yaml in which each stage lists the code that it needs."""
    blocks = _blocks(text)
    for stage, files in outdated(text, package=package).items():
        block = blocks[stage]
        first = _CODE.search(block)
        if first is None:
            raise ValueError(f"stage {stage} lists no file of vq/ among its deps")
        lines = "".join(f"      - {file}\n" for file in files)
        rest = _CODE.sub("", block[first.start() :])
        text = text.replace(block, block[: first.start()] + lines + rest)
    return text


_CODE = re.compile(r"^ {6}- (vq/\S+)\n", re.MULTILINE)
_STAGE = re.compile(r"^ {2}(\w+):\n(?: {3,}.*\n|\n|#.*\n)*", re.MULTILINE)


def _blocks(text: str) -> dict[str, str]:
    start = text.index("stages:\n")
    return {match[1]: match[0] for match in _STAGE.finditer(text, start)}


def _folded(needed: set[str], package: Path) -> tuple[str, ...]:
    """Folders instead of files, the largest there are."""
    root = package.parent
    folders = [path for path in package.rglob("*") if path.is_dir() and not is_noise(path.name)]
    for folder in sorted(folders, key=lambda path: len(path.parts)):
        name = folder.relative_to(root).as_posix()
        if _covered(name, needed):
            continue
        inside = {
            path.relative_to(root).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not any(is_noise(part) for part in path.relative_to(root).parts)
        }
        below = {file for file in needed if file.startswith(f"{name}/")}
        if inside and all(_covered(file, needed) for file in inside):
            needed = (needed - below) | {name}
    return tuple(sorted(needed))


def _covered(file: str, needed: set[str]) -> bool:
    return file in needed or any(parent.as_posix() in needed for parent in Path(file).parents)


def main(argv: Sequence[str] | None = None) -> int:
    """Check dvc.yaml in this folder, or correct it."""
    parser = argparse.ArgumentParser(
        prog="python -m vq.stages.code_dependencies", description=__doc__
    )
    parser.add_argument("--write", action="store_true", help="correct dvc.yaml")
    args = parser.parse_args(argv)
    file = Path("dvc.yaml")
    text = file.read_text(encoding="utf-8")
    if args.write:
        file.write_text(corrected(text), encoding="utf-8")
        return 0
    wrong = outdated(text)
    for stage in wrong:
        sys.stderr.write(f"dvc.yaml: {stage} lists other code than it imports; run with --write\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
