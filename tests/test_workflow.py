"""What GitHub runs for main and for pull requests: little may go wrong there that nobody sees."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.workspace import ROOT


def _read(path: str) -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / ".github" / path).read_text())
    return {"on" if key is True else key: value for key, value in raw.items()}  # `on` is a boolean


TESTS, REVIEW = _read("workflows/tests.yml"), _read("workflows/pr.yml")
ENVIRONMENT = _read("actions/environment/action.yml")["runs"]["steps"]
JOBS: dict[str, Any] = {**TESTS["jobs"], **REVIEW["jobs"]}
STEPS = [step for job in JOBS.values() for step in job["steps"]]
LOCAL = "./.github/actions/environment"


def test_actions_are_pinned() -> None:
    """By commit: a tag may mean another program tomorrow."""
    used = {step["uses"] for step in (*STEPS, *ENVIRONMENT) if "uses" in step} - {LOCAL}

    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one)] == []


def test_whoever_may_write_runs_nothing_of_the_change() -> None:
    """One job may write, comments alone, and it has no checkout."""
    assert TESTS["permissions"] == REVIEW["permissions"] == {}
    writers = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}

    assert writers == {"comment"}
    assert JOBS["comment"]["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in JOBS["comment"]["steps"])


def test_what_others_wrote_is_in_no_command() -> None:
    """A title or a branch name that is pasted into a script is run as one."""
    steps = [*STEPS, *ENVIRONMENT]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_main_is_tested_as_pull_requests_are() -> None:
    """What it caches, they may read."""
    assert TESTS["on"] == {"push": {"branches": ["main"]}, "pull_request": None}
    assert REVIEW["on"] == {"pull_request": None}


def test_the_environment_is_cached_by_its_lock() -> None:
    """Another lock, another Python: another environment."""
    (cache,) = [step["with"] for step in ENVIRONMENT if "cache" in step.get("uses", "")]

    assert cache["path"] == ".venv"
    assert "hashFiles('requirements.lock', 'pyproject.toml')" in cache["key"]
    assert "steps.python.outputs.python-version" in cache["key"]
    assert [name for name, job in JOBS.items() if {"uses": LOCAL} in job["steps"]] == [
        "test",
        "review",
    ]


def test_no_runner_fetches_cuda() -> None:
    """The versions are those of the lock; the packages are those that torch for the CPU needs."""
    assert [step["env"] for step in ENVIRONMENT if step.get("run") == "make setup"] == [
        {"TORCH": "cpu"}
    ]
    makefile = ("--always-make", "setup")

    whole, small = _dry_run(*makefile), _dry_run(*makefile, "TORCH=cpu")

    assert "--no-deps --requirements requirements.lock --editable ." in whole
    assert "--torch-backend cpu" in small
    assert "--constraint requirements.lock --requirements pyproject.toml --editable ." in small


def test_a_review_that_objects_is_read_all_the_same() -> None:
    """`vq diff` exits with 1; its text goes into the summary, the artifact and the comment."""
    make, *later = JOBS["review"]["steps"][-3:]

    assert make["run"] == "make review"
    assert make["env"]["DIFF_OPTIONS"] == "${{ vars.VQ_DIFF }}"
    assert [step["if"] for step in later] == ["${{ !cancelled() }}"] * 2
    assert JOBS["comment"]["if"].startswith("${{ !cancelled() && ")
    assert "--out build/review --require-run" in _dry_run("review", "DIFF_OPTIONS=--require-run")


def test_dependabot_renews_packages_and_actions() -> None:
    """In one pull request each, a week."""
    updates = _read("dependabot.yml")["updates"]

    assert [one["package-ecosystem"] for one in updates] == ["pip", "github-actions"]
    for one in updates:
        assert one["schedule"] == {"interval": "weekly"}
        assert [group["patterns"] for group in one["groups"].values()] == [["*"]]
    assert f"/{LOCAL.removeprefix('./')}" in updates[1]["directories"]


@pytest.mark.parametrize("run", ['make "test-$PART"', "make review"])
def test_what_it_makes_can_be_made_here(run: str) -> None:
    """By `make pr-report`, which is both."""
    assert run in [step.get("run") for step in STEPS]
    made = _dry_run("pr-report")
    assert "pytest" in made
    assert "--out build/review" in made


def test_the_parts_of_the_tests_are_all_of_them() -> None:
    """What one part leaves out is what the other one runs."""
    parts = JOBS["test"]["strategy"]["matrix"]["part"]
    assert parts == ["library", "pipeline"]
    library, pipeline = (_pytest(_dry_run(f"test-{part}")) for part in parts)

    assert pipeline
    assert [ROOT / path for path in pipeline if not (ROOT / path).exists()] == []
    assert library == [f"--ignore={path}" for path in pipeline]
    assert _pytest(_dry_run("test")) == []


def _dry_run(*targets: str) -> str:
    return subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def _pytest(made: str) -> list[str]:
    """What the last call of pytest is told beside its usual options."""
    return made.rpartition("--dist loadgroup")[2].split()
