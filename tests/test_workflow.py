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


@pytest.mark.parametrize("target", ["test", "review"])
def test_what_it_makes_can_be_made_here(target: str) -> None:
    """By `make pr-report`, which is both."""
    assert f"make {target}" in [step.get("run") for _, step in STEPS]
    made = subprocess.run(
        ["make", "--dry-run", "pr-report"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    wanted = {"test": "pytest", "review": "--out build/review"}
    assert wanted[target] in made
