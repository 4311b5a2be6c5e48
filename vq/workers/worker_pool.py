"""Worker processes side by side, any of which may die: an outcome for everything, in order.

This and all that it imports is light (no numpy, no decoder, no network): workers alone open the
untrusted files, and the supervisor costs a few megabytes.
"""

import select
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Generic

from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message
from vq.workers.worker_process import LOOK_SECONDS, Item, Outcome, Part, WorkerProcess

AHEAD = 64
"""Things for each worker that may be done before an earlier one that takes long."""


class WorkerPool(Generic[Item, Part]):
    """Works in processes under limits; ends them when it is closed.

    In a process that was forked it starts workers of its own.
    """

    def __init__(
        self,
        job: Job,
        *,
        limits: Limits,
        read: Callable[[Item, Message], Part],
        jobs: int = 1,
        tries: int = 1,
        greet: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        """Start the first worker.

        Args:
            job: what they do.
            limits: what one thing may cost.
            read: makes what the caller can use of a part of an answer; see `WorkerProcess`.
            jobs: processes side by side; more than one start when there is work for them.
            tries: how often something is tried whose process dies without a limit being crossed: of
                a machine that is out of memory, anybody's process may be killed.
            greet: called with the greeting of each worker once it is ready; may raise.
        """
        self._start = partial(WorkerProcess[Item, Part], job, limits=limits, read=read)
        self._jobs, self._tries, self._greet = jobs, tries, greet
        self._greeted: set[int] = set()
        self.children = [self._start()]

    def __enter__(self) -> "WorkerPool[Item, Part]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def work(
        self,
        items: Iterable[Item],
        *,
        request: Callable[[Item], object],
        skip: Callable[[Item], bool] = lambda _: False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[Item, Outcome[Part] | None]]:
        """Give each item and what came of it, in order.

        What to `skip` needs no work: its outcome is None. Once `stopped`, which is called several
        times a second, says so, nothing more comes.

        Raises:
            VqError: workers cannot make ready.
        """
        queue: _Queue[Item, Part] = _Queue(items, skip=skip, ahead=AHEAD * self._jobs)
        places: dict[WorkerProcess[Item, Part], int] = {}
        tried: dict[int, int] = {}
        try:
            while not stopped():
                self._hand_out(queue, places, request=request)
                done = queue.ready()
                yield from done
                if queue.over:
                    return
                if done:
                    continue  # there may be room for more now
                for child, item, outcome in self.listen():
                    place = places.pop(child)
                    tried[place] = tried.get(place, 0) + 1
                    if outcome.end and outcome.end.died and tried[place] < self._tries:
                        queue.put_back(place, item)
                    else:
                        del tried[place]
                        queue.put(place, item, outcome)
        finally:
            # Nobody waits for what is still being worked on.
            for child in places:
                child.stop()

    def listen(self) -> list[tuple[WorkerProcess[Item, Part], Item, Outcome[Part]]]:
        """Wait a moment for outcomes, and end workers that are over a limit.

        Raises:
            VqError: one cannot make ready.
        """
        self._drop_gone()
        if not self.children:  # after a fork: the old ones belong to the parent
            self.children = [self._start()]
        poll = select.poll()
        for child in self.children:
            poll.register(child, select.POLLIN)
        readable = {number for number, _ in poll.poll(LOOK_SECONDS * 1000)}
        outcomes = []
        for child in self.children:
            item = child.item
            outcome = child.receive() if child.fileno() in readable else child.check()
            if child.greeting is not None and child.pid not in self._greeted:
                self._greeted.add(child.pid)
                self._greet(child.greeting)
            if outcome is not None and item is not None:
                outcomes.append((child, item, outcome))
        return outcomes

    def close(self) -> None:
        """End all workers, whatever they are at."""
        while self.children:
            self.children.pop().stop()

    def _drop_gone(self) -> None:
        self._greeted -= {child.pid for child in self.children if child.gone}
        self.children = [child for child in self.children if not child.gone]

    def _hand_out(
        self,
        queue: "_Queue[Item, Part]",
        places: dict[WorkerProcess[Item, Part], int],
        *,
        request: Callable[[Item], object],
    ) -> None:
        for child in [child for child in places if child.forgotten]:
            if child.item is not None:
                queue.put_back(places.pop(child), child.item)
        self._drop_gone()
        for child in self.children:
            if child.idle and (entry := queue.take()):
                places[child], item = entry
                child.assign(item, request(item))
        starting = sum(child.greeting is None for child in self.children)
        while len(self.children) < self._jobs and queue.waits(more_than=starting):
            self.children.append(self._start())
            starting += 1


class _Queue(Generic[Item, Part]):
    """Items that wait for a worker, and outcomes that wait for their turn."""

    def __init__(self, items: Iterable[Item], *, skip: Callable[[Item], bool], ahead: int) -> None:
        self._items = enumerate(items)
        self._skip = skip
        self._waiting: list[tuple[int, Item]] = []
        self._done: dict[int, tuple[Item, Outcome[Part] | None]] = {}
        self._ahead = ahead
        self._turn = 0
        self._taken = 0
        self._all = False

    @property
    def over(self) -> bool:
        """Whether every outcome was given."""
        return self._all and self._turn == self._taken

    def waits(self, *, more_than: int) -> bool:
        """Whether more than so many items wait for a worker."""
        while len(self._waiting) <= more_than and self._draw():
            pass
        return len(self._waiting) > more_than

    def take(self) -> tuple[int, Item] | None:
        """The next item and its place; None if none is left, or too many outcomes wait."""
        return self._waiting.pop(0) if self.waits(more_than=0) else None

    def put_back(self, place: int, item: Item) -> None:
        """Have it worked on again, at once."""
        self._waiting.insert(0, (place, item))

    def put(self, place: int, item: Item, outcome: Outcome[Part] | None) -> None:
        """Take the outcome of an item."""
        self._done[place] = item, outcome

    def ready(self) -> list[tuple[Item, Outcome[Part] | None]]:
        """Those whose turn it is."""
        done = []
        while self._turn in self._done:
            done.append(self._done.pop(self._turn))
            self._turn += 1
        return done

    def _draw(self) -> bool:
        """Look at one more item."""
        if self._all or self._taken - self._turn >= self._ahead:
            return False
        for place, item in self._items:
            self._taken += 1
            if self._skip(item):
                self._done[place] = item, None
            else:
                self._waiting.append((place, item))
            return True
        self._all = True
        return False
