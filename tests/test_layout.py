"""The names that tie dvc.yaml, params.yaml, the command line and the flows together."""

import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from setuptools import find_namespace_packages

from vq import params, stages
from vq.pipeline.command_line import files_of, sections_of

ROOT = Path(__file__).parents[1]
DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def test_a_stage_has_one_name_everywhere() -> None:
    """Dvc, the command line and the flow run the same stages in the same order."""
    assert list(DVC) == list(stages.STAGES)


def test_every_test_that_the_readme_names_exists() -> None:
    """A row of the claims table is green because a test proves it."""
    source = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)", (ROOT / "README.md").read_text())

    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in source] == []


def test_params_file_is_valid() -> None:
    """What we check in, loads."""
    params.load(ROOT / "params.yaml")


@pytest.mark.parametrize("name", DVC)
def test_a_stage_depends_on_the_sections_it_takes(name: str) -> None:
    """No stage runs again because of a knob, or a seed, that it does not see."""
    stage = stages.load(name)
    seed = ["seed"] if "seed" in inspect.signature(stage).parameters else []

    assert DVC[name]["params"] == [*seed, *sections_of(stage).values()]


@pytest.mark.parametrize("name", DVC)
def test_a_command_lists_deps_then_outs(name: str) -> None:
    """Dvc watches exactly the files that the stage is given, save what it keeps for itself."""
    *words, files = DVC[name]["cmd"].split(maxsplit=4)

    assert words == ["python", "-m", "vq", name]  # the code of the folder that dvc runs in
    assert files.split() == [*_data(name), *_kept(name), *_outs(name)]


@pytest.mark.parametrize("name", DVC)
def test_a_stage_function_takes_the_files_of_its_command(name: str) -> None:
    """A file too many in dvc.yaml is found here, not an hour into the pipeline."""
    stage = stages.load(name)
    arguments = inspect.signature(stage).parameters.values()

    assert len(files_of(stage)) == len([*_data(name), *_kept(name), *_outs(name)])
    assert [a.name for a in arguments if a.kind is not a.KEYWORD_ONLY] == []
    assert [a.name for a in arguments][: len(files_of(stage))] == files_of(stage)


def test_expectations_of_a_data_set_make_one_stage_stale() -> None:
    """Later stages run again only where other rows are accepted."""
    readers = [name for name, one in DVC.items() if "${data.dir}/expectations.yaml" in one["deps"]]

    assert readers == ["validate"]


def test_a_fresh_clone_can_have_every_out() -> None:
    """From git or by `dvc pull`: an out that neither has would be made again by every colleague."""
    ignored = [pattern.strip("/") for pattern in (ROOT / ".gitignore").read_text().split()]
    nowhere = [
        path
        for stage in DVC.values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
        if isinstance(out, dict)
        for path, how in out.items()
        if how.get("cache") is False and path.split("/")[0] in ignored
    ]

    assert nowhere == []


def test_dvc_is_bounded_while_its_insides_are_used() -> None:
    """The next minor version may move them: it is let in once the tests have run on it."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    train = map(Requirement, wanted["optional-dependencies"]["train"])
    (dvc,) = [one.specifier for one in train if one.name == "dvc"]
    lock = (ROOT / "requirements.lock").read_text()
    locked = Version(re.findall(r"^dvc==(\S+)", lock, re.MULTILINE)[0])

    assert "dvc.repo.reproduce" in (ROOT / "vq/pipeline/run_stages.py").read_text()
    assert locked in dvc
    assert f"{locked.major}.{locked.minor + 1}.0" not in dvc


def test_the_wheel_has_one_top_level_package() -> None:
    """Whoever installs it gets `vq`; flows, tests and benchmarks stay in the checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = find_namespace_packages(ROOT, **project["tool"]["setuptools"]["packages"]["find"])

    assert {package.partition(".")[0] for package in packages} == {"vq"}
    assert {"vq", "vq.commands", "vq.scoring"} <= set(packages)


def test_the_reference_is_of_packages_that_exist() -> None:
    """`make docs` names them."""
    (names,) = re.findall(r"^PUBLIC := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert [name for name in names.split() if not (ROOT / f"vq/{name}/__init__.py").exists()] == []


def test_the_library_imports_no_flow() -> None:
    """An installed `vq` has none."""
    imports = re.compile(r"^\s*(?:from|import) flows\b", re.MULTILINE)
    files = [path for path in (ROOT / "vq").rglob("*.py") if imports.search(path.read_text())]

    assert files == []


def test_git_ignores_what_the_deployments_read_and_write() -> None:
    """Users' videos and their scores are in no commit."""
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    values = [
        value
        for one in deployments
        for name, value in one.get("parameters", {}).items()
        if name not in ("only", "release")
    ]
    files = {file for value in values for file in (value if isinstance(value, list) else [value])}
    found = subprocess.run(
        ["git", "check-ignore", "--", *sorted(files - {"."})],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(files) > 4
    assert set(found.stdout.split()) == files - {"."}


def test_names_of_stages_and_commands_differ() -> None:
    """`vq NAME` means one thing."""
    from vq.cli import COMMANDS

    assert not set(COMMANDS) & set(stages.STAGES)


def _data(stage: str) -> list[str]:
    return [dep for dep in DVC[stage]["deps"] if not dep.startswith("vq/")]


def _kept(stage: str) -> list[str]:
    """Folders that outlive a kill and that nobody else needs."""
    return DVC[stage].get("meta", {}).get("keeps", [])


def _outs(stage: str) -> list[str]:
    """Every file that a stage writes, whatever dvc calls it, in the order of its command."""
    files = DVC[stage]["cmd"].split()
    listed = [
        next(iter(out)) if isinstance(out, dict) else out
        for kind in ("outs", "metrics", "plots")
        for out in DVC[stage].get(kind, [])
    ]
    # Metrics and plots have lists of their own, so that only the command knows the order of all.
    return sorted(listed, key=lambda out: files.index(out) if out in files else len(files))
