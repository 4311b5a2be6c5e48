"""The shadow flow, with a Prefect server."""

from pathlib import Path

import pytest

from flows.shadow import shadow
from tests.flows.server import Prefect


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_person_sees_what_would_change(prefect: Prefect, shadowed: Path) -> None:
    """Before anybody promotes."""
    with prefect.here():
        sentence = shadow(
            ["rows.jsonl"],
            challenger="challenger",
            champion="champion",
            jobs=1,
            workspace=shadowed,
        )

    assert sentence.startswith("6 recent videos: scores of student-")
    assert prefect.artifact("shadow").startswith(f"## {sentence}\n")
