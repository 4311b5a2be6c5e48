"""What GitHub runs for a pull request: little may go wrong there that nobody sees."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.workspace import ROOT

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/pr.yml").read_text())
JOBS: dict[str, Any] = WORKFLOW["jobs"]
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def test_actions_are_pinned() -> None:
    """By commit: a tag may mean another program tomorrow."""
    used = [step["uses"] for _, step in STEPS if "uses" in step]

    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one)] == []


def test_whoever_may_write_runs_nothing_of_the_change() -> None:
    """One job may write, comments alone, and it has no checkout."""
    assert WORKFLOW["permissions"] == {}
    writers = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}

    assert writers == {"comment"}
    assert JOBS["comment"]["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in JOBS["comment"]["steps"])


def test_what_others_wrote_is_in_no_command() -> None:
    """A title or a branch name that is pasted into a script is run as one."""
    assert [step["run"] for _, step in STEPS if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("run", ['make "test-$PART"', "make review"])
def test_what_it_makes_can_be_made_here(run: str) -> None:
    """By `make pr-report`, which is both."""
    assert run in [step.get("run") for _, step in STEPS]
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


def _dry_run(target: str) -> str:
    return subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def _pytest(made: str) -> list[str]:
    """What the last call of pytest is told beside its usual options."""
    return made.rpartition("--dist loadgroup")[2].split()
