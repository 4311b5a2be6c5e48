"""A reviewer sees first which gates a change opens or shuts."""

import json

from vq.review.markdown import Section
from vq.review.revision import Revision
from vq.review.verdict_diff import section


def verdict(**values: float | None) -> bytes:
    """A verdict of gates whose floor is 0.5."""
    gates = [
        {"name": name, "value": value, "low": None, "high": None, "threshold": 0.5}
        | {"passed": value is not None and value >= 0.5, "sentence": f"{name} is {value}."}
        for name, value in values.items()
    ]
    return json.dumps({"accepted": True, "gates": gates}).encode()


def told(
    before: bytes | str, after: bytes | str, *, behind: bool = False, to_run: bool = False
) -> Section:
    """The section of two verdicts."""
    old, new = (
        Revision(name, "", {}, {"verdict": text}, {})
        for name, text in (("abc", before), ("def", after))
    )
    return section(old, new, behind=behind, to_run=to_run)


def test_gates_that_opened_or_shut_come_first() -> None:
    """Then those that are asked on one side alone, then the others."""
    before = verdict(srcc=0.6, plcc=0.6, size=0.4, order=0.9)
    after = verdict(srcc=0.7, plcc=0.3, size=0.5, memory=None)

    text = told(before, after)

    assert text.headline == (
        "verdict: 2 of 4 gates stay shut (this change: `size` opened, `plcc` shut)"
    )
    assert text.body.splitlines()[2:] == [
        "| plcc | open, 0.600 | **shut**, 0.300 | plcc is 0.3. |",
        "| size | **shut**, 0.400 | open, 0.500 | size is 0.5. |",
        "| memory | - | **shut**, not measured | memory is None. |",
        "| order | open, 0.900 | - | is asked no more |",
        "| srcc | open, 0.600 | open, 0.700 | srcc is 0.7. |",
    ]


def test_a_verdict_that_is_the_first_stands_alone() -> None:
    """Why there is none before is below the table."""
    text = told("there is no dvc.lock", verdict(srcc=0.6))

    assert text.headline == "verdict: every gate opens"
    assert "| srcc | - | open, 0.600 | srcc is 0.6. |" in text.body
    assert text.body.endswith("The verdict before is not known: at abc, there is no dvc.lock.")


def test_a_verdict_that_is_older_than_its_commit_says_so() -> None:
    """And after the change there is none until `judge` has run."""
    assert "older than abc" in told(verdict(srcc=0.6), verdict(srcc=0.6), behind=True).body
    assert told(b"", b"", to_run=True).headline.endswith("`judge` has still to run")


def test_a_verdict_that_cannot_be_read_is_named() -> None:
    """With its commit."""
    text = told(verdict(srcc=0.6), b"<<<<<<<")

    assert text.headline.startswith("there is no verdict: at def, verdict.json cannot be read")
