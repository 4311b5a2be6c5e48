"""How much material is made: apart, since processes that make it need no network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Amount:
    """How much material is made."""

    scenes: int = 240
    held_out: int = 16
    workers: int = 2
    """Processes that make it."""
