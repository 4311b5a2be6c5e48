"""Trials that are computed once, side by side."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.pruning.toy_repeats import make_repeats
from tests.workspace import ROOT
from vq.errors import DataError, VqError
from vq.pruning import trial as module
from vq.pruning.trial import Effect, Probe, Repeats, Trial
from vq.pruning.trials import Trials, Unknown

ALONE = [Trial((name,), student=False) for name in ("first", "second", "noise")]
NAMES = ("first", "second", "copy", "shuffled", "noise")
RUN = """
import sys
from pathlib import Path
from tests.pruning.test_trials import five
five(Path(sys.argv[1]), 1)
"""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the stage."""
    torch.set_num_threads(1)


def five(folder: Path, jobs: int) -> None:
    """Run a trial of each expert; with more jobs, all but the first in other processes."""
    every = [Trial((name,), student=False) for name in NAMES]
    Trials(make_repeats(0, 1), folder, seed=0, jobs=jobs, alone_seconds=1e-6).run(every, "alone")


def numbers(effects: list[Effect]) -> list[list[float]]:
    """To compare."""
    return [effect.teacher.tolist() for effect in effects]


def files(folder: Path) -> dict[str, int]:
    """Trials by name, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


def test_a_trial_is_computed_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A second run reads them; the log counts both kinds; one more asked for is one more run."""
    first = Trials(make_repeats(0), tmp_path, seed=0).run(ALONE[:2], "alone")
    written = files(tmp_path)
    with caplog.at_level("INFO"):
        second = Trials(make_repeats(0), tmp_path, seed=0).run(ALONE, "alone")

    assert numbers(second)[:2] == numbers(first)
    assert "alone: 3 trials: 2 from earlier runs, 1 to do" in caplog.text
    assert written.items() < files(tmp_path).items()
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize(
    "change", ["seed", "label", "mos", "split", "expert", "version", "recipe", "student", "sight"]
)
def test_a_trial_with_other_inputs_is_another_one(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stale is believed."""
    asked = Trial(("first",), student=True)
    Trials(make_repeats(0, 1), tmp_path, seed=0).run([asked], "alone")
    given, seed = make_repeats(0, 1), 0
    (one,) = given
    if change == "seed":
        seed = 1
    elif change == "label":
        one.target[0] = one.target[1]
    elif change == "mos":
        one.mos[0] = one.mos[1]
    elif change == "split":
        one.train[0] = one.train[1]
    elif change == "expert":
        one.features["first"][0, 0] += 1
    elif change == "recipe":
        monkeypatch.setattr(module, "PROBE", module.PROBE.model_copy(update={"epochs": 1}))
    elif change == "student":
        changed = module.PROBE_STUDENT.model_copy(update={"epochs": 1})
        monkeypatch.setattr(module, "PROBE_STUDENT", changed)
    elif change == "sight":
        one.sight.features[0] = 0
    else:
        monkeypatch.setattr(module, "VERSION", 99)

    assert Trials(given, tmp_path, seed=seed).kept(asked) is None


def test_what_a_trial_does_not_depend_on_leaves_it_alone(tmp_path: Path) -> None:
    """Names, other experts, the order in which experts joined, what the student sees (unasked)."""
    asked = Trial(("first", "second"), student=False)
    (found,) = Trials(make_repeats(0, 1), tmp_path, seed=0).run([asked], "pair")
    (one,) = make_repeats(0, 1)
    one.features["also"] = one.features.pop("first")
    one.features["more"] = one.features["noise"] + 1
    one.sight.features[0] = 0

    kept = Trials([one], tmp_path, seed=0).kept(Trial(("second", "also"), student=False))

    assert kept is not None
    assert numbers([kept.effect]) == numbers([found])
    assert kept.seconds > 0


def test_a_plan_runs_and_writes_nothing(tmp_path: Path) -> None:
    """It says which trials are unknown."""
    folder = tmp_path / "trials"

    with pytest.raises(Unknown) as told:
        Trials(make_repeats(0, 1), folder, seed=0, plan=True).run(ALONE, "alone")

    assert told.value.trials == ALONE
    assert not folder.exists()


def test_a_damaged_trial_is_named(tmp_path: Path) -> None:
    """With what to do."""
    known = Trials(make_repeats(0, 1), tmp_path, seed=0)
    known.run(ALONE[:1], "alone")
    (path,) = tmp_path.glob("*.json")
    path.write_text('{"teacher": [0.5')

    with pytest.raises(DataError, match=rf"{path.name}: .*delete this file"):
        known.kept(ALONE[0])


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Run five trials in a process of their own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
def test_a_killed_run_resumes_and_workers_change_no_number(tmp_path: Path) -> None:
    """`kill -9` loses the running trials alone; what two processes finish equals what one would."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(killed)
    while not files(killed):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = files(killed)

    five(killed, 2)
    five(whole, 1)

    assert 0 < len(before) < 5
    assert before.items() < files(killed).items()
    found = [
        {path.name: json.loads(path.read_text()) | {"seconds": 0} for path in folder.glob("*")}
        for folder in (killed, whole)
    ]
    assert len(found[0]) == 5
    assert found[0] == found[1]


@dataclass(frozen=True)
class Deadly(Probe):
    """Trials in which the process dies, as for lack of memory, once it comes to the noise."""

    def effect(self, trial: Trial, repeats: Repeats, *, seed: int) -> Effect:
        """Run a trial, or die in it."""
        if trial.experts == ("noise",):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().effect(trial, repeats, seed=seed)


@pytest.mark.slow
def test_a_dead_worker_is_one_clear_error(tmp_path: Path) -> None:
    """Which trials, how many are done, where they are, what now; and then it goes on."""
    given = make_repeats(0, 1)

    with pytest.raises(VqError, match=r"alone: a worker process died.* of 3 .*Run again"):
        Trials(given, tmp_path, seed=0, jobs=2, fidelity=Deadly(), alone_seconds=0.0).run(
            ALONE, "alone"
        )

    again = Trials(given, tmp_path, seed=0, jobs=2)
    assert len(again.run(ALONE, "alone")) == 3
