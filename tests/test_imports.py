"""Which files of the library a module needs."""

from pathlib import Path

import grimp
import pytest

from vq.imports import PACKAGE, closure
from vq.stages import STAGES, module_of

SOURCES = {
    "__init__.py": "",
    "start.py": (
        "from typing import TYPE_CHECKING\n"
        "from pathlib import Path\n"
        "from vq.tools import hammer\n"
        "if TYPE_CHECKING:\n"
        "    from vq.types import Type\n"
        "TABLE = Path(__file__).with_suffix('.csv')\n"
        "PAGES = Path(__file__).parent / 'pages'\n"
        "TARGET = 'vq.work:main'\n"
        "def late() -> None:\n"
        "    import vq.lazy\n"
    ),
    "start.csv": "",
    "pages/index.html": "",
    "tools/__init__.py": "",
    "tools/hammer.py": "from vq.deep import thing\nNAME = 'other.csv'\n",
    "other.csv": "",
    "tools/saw.py": "",
    "deep.py": "thing = 1\n",
    "lazy.py": "",
    "work.py": "",
    "types.py": "",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small library."""
    for name, text in SOURCES.items():
        file = tmp_path / "vq" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "vq"


def test_what_is_imported_named_or_looked_for_is_needed_and_nothing_else(package: Path) -> None:
    """Within functions too; not for types, nor files that only somebody else names."""
    assert closure("vq.start", package=package) == (
        "vq/deep.py",
        "vq/lazy.py",
        "vq/pages",
        "vq/start.csv",
        "vq/start.py",
        "vq/tools/__init__.py",
        "vq/tools/hammer.py",
        "vq/work.py",
    )


def test_a_module_that_is_not_there_is_named(package: Path) -> None:
    """A stage that was moved."""
    with pytest.raises(ValueError, match=r"has no module vq\.gone"):
        closure("vq.gone", package=package)


def test_no_import_that_another_tool_sees_is_missed() -> None:
    """For every stage."""
    graph = grimp.build_graph("vq", exclude_type_checking_imports=True, cache_dir=None)
    for stage in STAGES:
        module = module_of(stage)
        others = graph.find_upstream_modules(module) | {module}
        assert {_file(name) for name in others} <= set(closure(module)), stage


def _file(module: str) -> str:
    path = module.replace(".", "/")
    init = f"{path}/__init__.py"
    return init if (PACKAGE.parent / init).exists() else f"{path}.py"
