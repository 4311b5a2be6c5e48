"""Training in processes of its own: shared by several, or killed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.run import train

ROOT = Path(__file__).parents[2]
ONE = [sys.executable, "-m", "tests.training.run"]
TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    """Their losses are of whole batches, PLCC and ranks too; the last batch is smaller, and odd.

    What remains is the order of sums, which Adam enlarges where a gradient is next to nothing:
    weights agree to 1e-4 after 25 steps of 2e-3, and most to 1e-6.
    """
    recipe = {"videos": 110, "dropout": 0.0, "batch": 15, "epochs": 5, "ema": 0.5, "emd": 0.5}

    two = subprocess.run(
        [*TWO, "tests.training.run", str(tmp_path / "two"), json.dumps(recipe)],
        cwd=ROOT,
        # Unset, torchrun sets it, and says so.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    train(tmp_path / "one", **recipe)

    assert two.returncode == 0, two.stderr
    assert (two.stdout, two.stderr) == ("", "")
    first, second = (load_file(tmp_path / f"two/{n}.safetensors") for n in (0, 1))
    alone = load_file(tmp_path / "one/0.safetensors")
    for name, value in alone.items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], value, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path) -> None:
    """At whatever moment the process is killed: the run that goes on ends as one left in peace."""
    recipe = {"videos": 240, "dropout": 0.2, "batch": 4, "epochs": 9, "patience": 99, "ema": 0.9}
    command = [*ONE, str(tmp_path / "killed"), json.dumps(recipe)]

    process = subprocess.Popen(command, cwd=ROOT)
    while not (tmp_path / "killed" / "checkpoint").exists():
        assert process.poll() is None
        time.sleep(0.01)
    moment = np.random.default_rng().uniform(0, 0.4)
    time.sleep(moment)
    process.kill()
    process.wait()
    assert not list(tmp_path.glob("killed/*.safetensors")), f"it had ended after {moment:.3f} s"
    train(tmp_path / "killed", **recipe)
    train(tmp_path / "through", **recipe)

    resumed, through = (
        load_file(tmp_path / folder / "0.safetensors") for folder in ("killed", "through")
    )
    for name, value in through.items():
        assert torch.equal(resumed[name], value), f"{name}, killed after {moment:.3f} s"
