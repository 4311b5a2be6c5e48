"""Lets objects drop, in a forked process, what still belongs to the parent."""

import os
from typing import Protocol, runtime_checkable
from weakref import WeakSet


@runtime_checkable
class Forgets(Protocol):
    """Holds something that belongs to the process that made it."""

    def after_fork(self) -> None:
        """Called in the copy, which has no other thread yet."""


_registered: WeakSet[Forgets] = WeakSet()


def remember(thing: Forgets) -> None:
    """Call its `after_fork` in every process that is forked from this one."""
    _registered.add(thing)


def _notify() -> None:
    for thing in list(_registered):
        thing.after_fork()


os.register_at_fork(after_in_child=_notify)
