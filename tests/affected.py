"""Which test files a change can affect: those that import a changed file, directly or not.

`python -m tests.affected` lists them for what is not committed, `python -m tests.affected main` for
all since that commit.
"""

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from vq.imports import direct

ROOT = Path(__file__).resolve().parents[1]
OURS = ("tests", "flows", "benchmarks")


def affected(changed: Collection[str]) -> list[str]:
    """Test files that need one of some files, paths as git names them."""
    tests = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py"))
    return [test for test in tests if needs(test) & set(changed)]


def needs(file: str) -> set[str]:
    """A Python file of this project and all that it needs; conftests of its folders among them."""
    needed: set[str] = set()
    ahead = [file, *_conftests(file)]
    while ahead:
        name = ahead.pop()
        if name not in needed:
            needed.add(name)
            ahead += _direct(name)
    return needed


@cache
def _direct(file: str) -> tuple[str, ...]:
    path = ROOT / file
    if path.suffix != ".py":
        return ()
    library = [other.relative_to(ROOT).as_posix() for other in direct(path)]
    return (*library, *(name for module in _imports(path) for name in _files(module)))


def _conftests(file: str) -> list[str]:
    conftests = (f"{folder}/conftest.py" for folder in Path(file).parents)
    return [name for name in conftests if (ROOT / name).exists()]


def _imports(path: Path) -> Iterator[str]:
    """Modules of ours that a file imports, those of the library aside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in OURS)


def _files(module: str) -> list[str]:
    path = module.replace(".", "/")
    return [name for name in (f"{path}.py", f"{path}/__init__.py") if (ROOT / name).is_file()]


def changed_since(revision: str) -> set[str]:
    """Files that differ from a commit, and those that git does not know yet."""
    lists = (
        ["git", "diff", "--name-only", revision],
        ["git", "ls-files", "--others", "--exclude-standard"],
    )
    return {
        name
        for command in lists
        for name in subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    }


if __name__ == "__main__":
    print("\n".join(affected(changed_since(*(sys.argv[1:] or ["HEAD"])))))  # noqa: T201
