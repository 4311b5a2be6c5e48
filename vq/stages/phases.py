"""The phases of training, and the stages of each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Phase(StrEnum):
    """Stages that people run together."""

    DATA = "data validation"
    ZOO = "zoo pruning"
    TEACHER = "ensemble teacher fitting"
    STUDENT = "student distillation"
    GATES = "evaluation gates"


PHASES: Mapping[Phase, tuple[str, ...]] = MappingProxyType(
    {
        Phase.DATA: ("import", "validate", "split"),
        Phase.ZOO: ("extract", "prune"),
        Phase.TEACHER: ("audit_labels", "teach"),
        Phase.STUDENT: ("plain", "distill"),
        Phase.GATES: ("evaluate", "report", "judge"),
    }
)
"""The stages of each phase, both in the order in which they run."""


def phase_of(address: str) -> Phase:
    """The phase of a stage by its address; what a data set brings of its own is of the data."""
    return next((phase for phase, stages in PHASES.items() if address in stages), Phase.DATA)
