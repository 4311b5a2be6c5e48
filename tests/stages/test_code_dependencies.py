"""The code that each stage in dvc.yaml depends on."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.workspace import ROOT
from vq.code_version import digest_of
from vq.imports import PACKAGE
from vq.stages import STAGES, code_dependencies

DVC_YAML = (ROOT / "dvc.yaml").read_text()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the library, to be edited."""
    root = tmp_path_factory.mktemp("copy")
    return shutil.copytree(PACKAGE, root / "vq", ignore=shutil.ignore_patterns("__pycache__"))


def test_each_stage_depends_on_what_it_imports() -> None:
    """Run `python -m vq.stages.code_dependencies --write` after a change of imports.

    Save `vq.params`: dvc compares the values in params.yaml, and a new key changes none of them.
    """
    assert not code_dependencies.outdated(DVC_YAML)


def test_a_new_import_is_a_new_dependency_of_the_stages_that_reach_it(package: Path) -> None:
    """And of these alone; correcting touches nothing but lines of code."""
    (package / "new.py").write_text("")
    file = package / "models/teacher.py"
    file.write_text(file.read_text() + "\nimport vq.new\n")

    outdated = code_dependencies.outdated(DVC_YAML, package=package)

    reaching = {stage for stage, files in outdated.items() if "vq/new.py" in files}
    assert reaching == set(outdated)
    assert "teach" in reaching
    assert not reaching & {"import", "validate", "split", "extract", "judge"}
    fresh = code_dependencies.corrected(DVC_YAML, package=package)
    assert not code_dependencies.outdated(fresh, package=package)
    assert fresh.replace("      - vq/new.py\n", "") == DVC_YAML


def test_dvc_reads_what_is_written() -> None:
    """Folders and files that exist, none twice, and none inside of another."""
    stages = yaml.safe_load(DVC_YAML)["stages"]
    for name in STAGES:
        paths = [Path(dep) for dep in stages[name]["deps"] if dep.startswith("vq/")]
        assert paths
        assert len(set(paths)) == len(paths)
        for path in paths:
            assert (ROOT / path).exists(), path
            assert not set(path.parents) & set(paths), path


def test_a_checkpoint_depends_on_the_code_of_its_stage_alone(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typo mended elsewhere throws no training away."""
    monkeypatch.setattr("vq.imports.PACKAGE", package)

    def key() -> str:
        return digest_of("vq.stages.distill")

    def edit(name: str) -> None:
        with (package / name).open("a") as file:
            file.write("\n# edited\n")

    before = key()
    edit("commands/watch.py")
    assert key() == before
    edit("training/losses.py")
    assert key() != before
