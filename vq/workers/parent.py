"""Worker processes of joblib and of multiprocessing end when whoever started them does.

When a parent is killed nobody tells its workers: they wait for work for ever, each with all that it
has in memory. Those of `vq.workers.limited_pool` need none of this: their pipe ends.
"""

import os
import threading
import time

LOOK_SECONDS = 1.0


def follow(parent: int) -> None:
    """End this process soon after its parent; the initializer of a pool.

    The parent, which started this one, may be gone already.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    # Not sys.exit: that would end a thread, and wait for the others.
    os._exit(1)
