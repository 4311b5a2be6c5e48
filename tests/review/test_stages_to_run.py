"""What a change makes stale follows from dvc.yaml, and from how far dvc.lock has come."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from vq.review.params_diff import ParamChange
from vq.review.revision import Revision, Stage
from vq.review.stages_to_run import section, stale, still_to_run

STAGES: dict[str, Stage] = {
    "import": Stage("vq import", ("videos", "code/import.py"), (), {"manifest": "m1"}),
    "teach": Stage(
        "vq teach", ("manifest", "code/learn"), (("p.yaml", "teach"),), {"teacher": "t1"}
    ),
    "distill": Stage("vq distill", ("teacher", "videos"), (("p.yaml", "c"),), {"student": "s1"}),
    "judge": Stage("vq judge", ("student",), (("p.yaml", "judge"),), {"verdict": "v1"}),
}
SEED = ParamChange("p.yaml", "c", "1", "2")


def ran(stages: Mapping[str, Stage], **outs: str) -> dict[str, Stage]:
    """The same stages with other hashes in dvc.lock, by the names of the outs."""
    return {
        address: replace(stage, outs={o: outs.get(o, md5) for o, md5 in stage.outs.items()})
        for address, stage in stages.items()
    }


def behind(stages: Mapping[str, Stage], *addresses: str) -> dict[str, Stage]:
    """The same stages, some of which have still to run."""
    return {a: replace(s, behind=("`x`",)) if a in addresses else s for a, s in stages.items()}


def told(*args: object) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Stale stages: why, and whether they have still to run."""
    return {one.address: (one.why, one.to_run) for one in stale(*args)}  # type: ignore[arg-type]


def test_what_has_still_to_run_takes_all_below_with_it() -> None:
    """What it will give is not known."""
    new = behind(STAGES, "distill")

    assert still_to_run(new) == ["distill", "judge"]
    assert told(STAGES, new, [SEED], []) == {
        "distill": (("`c`",), True),
        "judge": (("after `distill`",), True),
    }


def test_what_has_run_is_stale_as_far_as_it_came_out_otherwise() -> None:
    """A student that comes out as before keeps its verdict."""
    other, same = ran(STAGES, teacher="t2", student="s2", verdict="v2"), ran(STAGES, teacher="t2")
    files = ["code/learn/loop.py", "README.md"]

    assert told(STAGES, other, [], files) == {
        "teach": (("`code/learn/loop.py`",), False),
        "distill": (("another `teacher`",), False),
        "judge": (("another `student`",), False),
    }
    assert list(told(STAGES, same, [], files)) == ["teach", "distill"]


@pytest.mark.parametrize(
    ("knob", "stages"),
    [
        pytest.param("teach.dim", ["teach"], id="in-a-section"),
        pytest.param("teacher.dim", [], id="of-a-longer-name"),
        pytest.param("judge", ["judge"], id="the-section-itself"),
    ],
)
def test_a_stage_sees_its_own_section_alone(knob: str, stages: list[str]) -> None:
    """A knob turned elsewhere is none of its business."""
    assert list(told(STAGES, STAGES, [ParamChange("p.yaml", knob, "1", "2")], [])) == stages


def test_new_data_is_a_reason() -> None:
    """Data under `dvc add` has a hash and no command: who reads it is stale, it is not."""
    old = {"videos.dvc": Stage("", (), (), {"videos": "d1"}), **STAGES}

    assert list(told(old, ran(old, videos="d2"), [], [])) == ["import", "distill"]


def test_reasons_are_short() -> None:
    """Of a folder how many of its files were edited; of many new outs the first ones."""
    files = ["code/learn/loop.py", "code/learn/losses.py", "code/import.py"]
    maker = Stage("vq teach", (), (), {f"o{n}": "1" for n in range(5)})
    user = Stage("vq user", tuple(maker.outs), (), {})
    old = {"maker": maker, "user": user}

    assert told(STAGES, STAGES, [], files) == {
        "import": (("`code/import.py`",), False),
        "teach": (("`code/learn` (2 files)",), False),
    }
    assert told(old, ran(old, **dict.fromkeys(maker.outs, "2")), [], [])["user"] == (
        ("another `o0`, `o1`, `o2` and 2 more",),
        False,
    )


def test_an_out_that_git_keeps_is_no_source() -> None:
    """That a report differs is what comes of a change, not why a stage runs."""
    assert told(STAGES, STAGES, [], ["student"]) == {}


def test_new_and_changed_stages_say_so() -> None:
    """Another command, other dependencies, no such stage before, or one that never ran."""
    new = {
        **STAGES,
        "teach": replace(STAGES["teach"], command="vq teach --fast"),
        "distill": replace(STAGES["distill"], deps=("teacher",)),
        "extra": Stage("vq extra", ("student",), (), {"more": "e1"}),
    }
    old = {**STAGES, "judge": replace(STAGES["judge"], outs={"verdict": None})}

    assert {one: why for one, (why, _) in told(old, new, [], []).items()} == {
        "teach": ("another command",),
        "distill": ("other dependencies",),
        "judge": ("had not run before",),
        "extra": ("is new",),
    }


def test_a_lock_that_was_behind_already_is_told_from_the_change() -> None:
    """Somebody before did not run it."""
    found = told(STAGES, behind(STAGES, "judge"), [], [])

    assert found == {"judge": (("dvc.lock is behind: `x`",), True)}


RUNS = b"""\
{"stage": "teach", "seconds": 600.0}
{"stage": "judge", "seconds": 0.5}
{"stage": "teach", "seconds": 2.5}
"""


def revision(stages: Mapping[str, Stage], durations: bytes | str) -> Revision:
    """A revision of which nothing else matters."""
    return Revision("abc", "", stages, {"durations": durations}, {})


def test_the_cost_is_that_of_the_longest_run_on_record() -> None:
    """A short one may have found its work done; where no run is known the text says so."""
    new = revision(behind(STAGES, "teach"), RUNS)
    old = revision({**STAGES, "gone": STAGES["judge"]}, "not there")
    found = stale(old.stages, new.stages, [], [])

    text = section(found, old, new)

    assert text.headline == (
        "3 stages made stale: 3 still to run, at most 10 min and 1 stage of unknown cost"
    )
    assert "| 2.5 s (2.5 s to 10 min in 2 runs) |" in text.body
    assert "| `distill` | after `teach` | **to run** | not known |" in text.body
    assert "Removed: `gone`." in text.body


def test_a_file_of_durations_that_is_broken_is_told() -> None:
    """Its costs are not known; all else is."""
    new = revision(behind(STAGES, "judge"), b"<<<<<<<")

    text = section(stale(STAGES, new.stages, [], []), revision(STAGES, "none"), new)

    assert text.headline == "1 stage made stale: 1 still to run, at a cost that is not known"
    assert "`reports/durations.jsonl` of abc cannot be read" in text.body
