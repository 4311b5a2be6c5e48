"""Work in processes, of which any may die."""

import os
import signal

from vq.workers.process_pool import in_processes


def double(number: int) -> int:
    """Twice the number; three kills its process, as a crashing decoder would."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_results_come_in_order() -> None:
    """Whichever process was faster."""
    assert list(in_processes(double, range(3), jobs=2, lost=-1)) == [0, 2, 4]


def test_a_dying_process_costs_its_item_alone() -> None:
    """All others have their result."""
    assert list(in_processes(double, [1, 3, 2], jobs=2, lost=-1)) == [2, -1, 4]


def test_nothing_to_do_is_no_error() -> None:
    """An empty folder has no videos to probe."""
    assert list(in_processes(double, [], jobs=0, lost=-1)) == []
