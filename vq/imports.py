"""Which files of the library a module needs: what it imports, directly or not.

An import inside a function counts, and so does a module that is only named for another process to
import (`"vq.package.module"`, `"vq.package.module:function"`). Imports for type checkers do not.
Files that are no modules (weights, tables, pages) count where a module that looks beside itself
(`__file__`) names them, whole or by their suffix.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_NAMED = re.compile(r"(vq(?:\.\w+)+)(?::\w+)?")
_FILE = re.compile(r"\.\w+|[a-z0-9][\w-]*(\.\w+)?")
"""A suffix, or a name with or without one."""


def closure(module: str, *, package: Path | None = None) -> tuple[str, ...]:
    """Files that a module needs, itself among them.

    The module is dotted, such as `vq.stages.teach`; `package` is the folder of a copy of the
    library, by default of this one.

    Returns:
        Paths from the folder that the package lies in, sorted; folders of data as one path.

    Raises:
        ValueError: there is no such module.
    """
    package = package or PACKAGE
    start = _file(module, package)
    if start is None:
        raise ValueError(f"{package.parent}: has no module {module}")
    needed: set[Path] = set()
    ahead = [start]
    while ahead:
        path = ahead.pop()
        if path in needed:
            continue
        needed.add(path)
        if path.suffix == ".py":
            ahead += direct(path, package=package)
    return tuple(sorted(path.relative_to(package.parent).as_posix() for path in needed))


def direct(path: Path, *, package: Path = PACKAGE) -> Iterator[Path]:
    """Files that a Python file needs by itself: what it imports or names, and data beside it."""
    modules, names = _mentioned(path.read_text(encoding="utf-8"))
    yield from _files(modules, package)
    for name in names:
        if other := _beside(path, name):
            yield other


@cache
def _mentioned(source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules that a source imports or names, and strings that may mean files beside it."""
    tree = ast.parse(source)
    beside = any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(tree))
    modules: dict[str, None] = {}
    names: dict[str, None] = {}
    for node in _run(tree):
        if isinstance(node, ast.Import):
            modules |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # Each name may be a module of its own, or a name in this one.
            imported = (f"{node.module}.{alias.name}" for alias in node.names)
            modules |= dict.fromkeys([node.module, *imported])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if named := _NAMED.fullmatch(node.value):
                modules[named[1]] = None
            elif beside and _FILE.fullmatch(node.value):
                names[node.value] = None
    return tuple(modules), tuple(names)


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _run(node)


def _files(modules: Iterable[str], package: Path) -> Iterator[Path]:
    """Their files, and the `__init__.py` of each package they lie in but the outermost."""
    for module in modules:
        parts = module.split(".")
        for length in range(2, len(parts) + 1):
            if file := _file(".".join(parts[:length]), package):
                yield file


def _file(module: str, package: Path) -> Path | None:
    top, *parts = module.split(".")
    if top != package.name:
        return None
    path = package.joinpath(*parts)
    files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _beside(path: Path, name: str) -> Path | None:
    """The file or folder of data beside a module that a string may mean."""
    if name.endswith(".py"):
        return None
    other = path.with_suffix(name) if name.startswith(".") else path.with_name(name)
    return other if other.exists() and not (other / "__init__.py").exists() else None
