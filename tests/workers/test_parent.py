"""Workers of pools do not outlive whoever started them."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

POOL = """
import os, time
from vq.workers.process_pool import pool_of
if __name__ == "__main__":
    with pool_of(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""
JOBLIB = """
import os, time
from joblib import Parallel, delayed
from vq.workers.process_pool import follow
workers = Parallel(2, initializer=follow, initargs=(os.getpid(),))
print(*set(workers(delayed(os.getpid)() for _ in range(4))), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "script", [pytest.param(POOL, id="pool"), pytest.param(JOBLIB, id="joblib")]
)
def test_workers_end_with_a_parent_that_is_killed(script: str, tmp_path: Path) -> None:
    """They would wait for work for ever, with all that they have in memory."""
    (tmp_path / "script.py").write_text(script)
    with subprocess.Popen([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in one.stdout.readline().split()]
        assert workers
        one.kill()

    _, alive = psutil.wait_procs(workers, timeout=20)

    assert alive == []
