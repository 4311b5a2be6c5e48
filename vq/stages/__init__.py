"""One function for each dvc stage: read files, call the library, write files.

A stage takes everything by keyword: first its files, annotated `Path`, in the order of dvc.yaml:
deps, then outs. It also gets the sections of `params.yaml` that its annotations name (`params` is
its own), and `seed` if it draws. A file has one name in all of them:

    accepted                    manifest of the videos that passed `validate`
    card                        of the data set
    videos                      folder that the manifest refers to
    splits                      the side of each content
    near_duplicates             pairs of videos of different contents that show the same
    features                    index of the features
    zoo                         the experts that pruning kept, and how it came about
    teacher, student, plain     bundles; `plain` is the student that had no teacher
    validation, test            agreement on that split
    curve                       losses by epoch, CSV
"""

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

STAGES: Mapping[str, str] = MappingProxyType(
    {
        "import": "Probe every video and join it with its label: the manifest.",
        "validate": "Check the manifest; rows that fail go to quarantine.",
        "split": "Put each content into train, validation or test.",
        "extract": "Run the experts of the zoo over the accepted videos, into the feature cache.",
        "prune": "Choose the experts that enter the teacher (claims 8 and 9).",
        "audit_labels": "List labels that look wrong, for people to review; nothing is dropped.",
        "teach": "Fit the gated ensemble on the cache (claims 2 to 5).",
        "plain": "Train a student without the teacher, to compare with.",
        "distill": "Train the student with the teacher (claims 1, 6 and 7).",
        "evaluate": "Compare student, teacher and baselines with the ratings.",
        "report": "Show what was measured, and why, as an HTML page and a model card.",
        "judge": "Hold the student against the gates.",
    }
)
"""What each stage does, in the order in which they run; listing them imports no stage."""

TOGETHER = frozenset({"teach", "plain", "distill"})
"""Stages that the processes of one torchrun can run together."""


def module_of(name: str) -> str:
    """The module of a stage; `import` is in `import_`."""
    return f"{__name__}.{'import_' if name == 'import' else name}"


def load(name: str) -> Callable[..., None]:
    """The function of a stage, which is called as its module is."""
    module = module_of(name)
    return getattr(importlib.import_module(module), module.rpartition(".")[2])
