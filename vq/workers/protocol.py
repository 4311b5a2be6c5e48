"""What worker processes do, and the form of their answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """The work of a process: a function that makes it ready, by its name."""

    target: str
    """`module:function`; the function gives a `Handler`. What starts processes imports neither."""
    arguments: tuple[Any, ...] = ()
    """Of the function. They are pickled; the answers of the process never are."""


@dataclass(frozen=True)
class Message:
    """A part of an answer."""

    fields: Mapping[str, Any]
    """Any values that JSON can hold."""
    data: bytes = b""
    """Bytes that are sent after them."""


@dataclass(frozen=True)
class Handler:
    """What a worker process does once it is ready."""

    work: Callable[[Any], Iterable[Message]]
    """Takes a request, gives the parts of the answer. Each is sent as soon as it is there."""
    greeting: Mapping[str, Any] = field(default_factory=dict)
    """Sent once, before the first request."""
