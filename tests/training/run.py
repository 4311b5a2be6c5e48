"""One joint distillation as a program of its own, for tests that start several, or end it.

`python -m tests.training.run FOLDER '{"videos": 110, "ema": 0.9, ...}'` leaves in FOLDER the
weights of process n as `n.safetensors`; its checkpoint is `checkpoint` there.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.training.toy_data import make_data
from vq.models.student import Features, Student
from vq.training.checkpoint import Checkpoint
from vq.training.distillation_loss import distill
from vq.training.loop import determinism, initialisation
from vq.training.probe_recipe import PROBE, PROBE_STUDENT
from vq.training.teach import teach


def train(folder: Path, *, videos: int, dropout: float, **changes: Any) -> None:  # noqa: ANN401
    """Fit a teacher, distil it with the changes to the recipe, save what came of both."""
    determinism(threads=1)
    data = make_data({"a": 0.4, "b": 0.6}, videos=videos, unlabelled=7)
    few = {"epochs": 2, "batch": 15, "dropout": dropout, "expert_dropout": 0.3}
    teacher = teach(data, params=PROBE.model_copy(update=few), seed=0)
    with initialisation(0):
        student = Student(Features(6), dim=PROBE.dim, levels=5, dropout=dropout)
    distill(
        student,
        teacher,
        data,
        params=PROBE_STUDENT.model_copy(update={"mode": "joint", "a": 0.5, **changes}),
        expert_dropout=0.3,
        seed=0,
        checkpoint=Checkpoint(folder / "checkpoint", key="k"),
    )
    both = torch.nn.ModuleDict({"student": student, "teacher": teacher})
    folder.mkdir(exist_ok=True)
    save_file(both.state_dict(), folder / f"{os.environ.get('RANK', 0)}.safetensors")


if __name__ == "__main__":
    train(Path(sys.argv[1]), **json.loads(sys.argv[2]))
