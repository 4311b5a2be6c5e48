"""What a process that was forked has to forget: it is a copy, and what it holds is its parent's."""

import os
from typing import Protocol, runtime_checkable
from weakref import WeakSet


@runtime_checkable
class Forgets(Protocol):
    """Holds something that belongs to the process that made it."""

    def after_fork(self) -> None:
        """Called in the copy, which has no other thread yet."""


_there: WeakSet[Forgets] = WeakSet()


def remember(thing: Forgets) -> None:
    """Have it told when it finds itself in a forked process."""
    _there.add(thing)


def _tell() -> None:
    for thing in list(_there):
        thing.after_fork()


os.register_at_fork(after_in_child=_tell)
