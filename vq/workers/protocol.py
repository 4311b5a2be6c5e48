"""What worker processes do, and the form in which they say what came of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """The work of a process: a function that makes it ready, by its name."""

    target: str
    """`module:function`; the function gives a `Handler`. What starts processes imports neither."""
    arguments: tuple[Any, ...] = ()
    """Of the function; they travel to the process as a pickle. Nothing that it says does."""


@dataclass(frozen=True)
class Message:
    """A part of an answer."""

    told: Mapping[str, Any]
    """Whatever JSON can say."""
    data: bytes = b""


@dataclass(frozen=True)
class Handler:
    """A process that can begin."""

    work: Callable[[Any], Iterable[Message]]
    """From a request to the parts of its answer. Each is sent as soon as it is there."""
    greeting: Mapping[str, Any] = field(default_factory=dict)
    """What there is to know beforehand."""
