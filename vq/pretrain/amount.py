"""How much material is made of which role: apart, since processes that make it need no network."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Part of a scene's seed: the same seed of a recipe never gives one scene two roles."""

    TRAIN = 0
    HELD_OUT = 1
    PHOTOGRAPH = 2

    @property
    def words(self) -> str:
        """What cards call it."""
        return {0: "scenes to train on", 1: "scenes held out", 2: "photographs"}[self]


@dataclass(frozen=True)
class Amount:
    """How much material is made."""

    scenes: int = 240
    held_out: int = 16
    workers: int = 2
    """Processes that make it."""
