"""One trial: what some experts do for themselves and for a student; here at the probe fidelity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float64

from vq.data.score_distribution import expectation
from vq.metrics import agreement
from vq.models.student import Features, Student
from vq.models.teacher import Teacher
from vq.training.distillation_loss import distill
from vq.training.loop import initialisation
from vq.training.probe_recipe import PROBE, PROBE_STUDENT
from vq.training.teach import teach
from vq.training.train_student import predict_logits, train_student
from vq.training.training_data import TrainingData

VERSION = 2
"""Of what is computed here: raise it when a change moves the numbers, or old trials are believed.

`test_a_trial_computes_what_its_version_says` notices.
"""

Repeats = Sequence[TrainingData]
"""The same videos under repeated train/validation splits; test videos are in none."""


@dataclass(frozen=True)
class Trial:
    """What is asked for."""

    experts: tuple[str, ...]
    """Who form the teacher; nobody: the student without distillation."""
    student: bool
    """Whether a student is distilled as well."""


@dataclass(frozen=True, eq=False)
class Effect:
    """Validation SRCC of a trial, one number for each repeat; nan where it was not asked for."""

    teacher: Float64[np.ndarray, " repeats"]
    """Of the experts themselves with a fitted head ("updated model", where there is one expert)."""
    student: Float64[np.ndarray, " repeats"]
    """Of the student distilled from them."""


@runtime_checkable
class Fidelity(Protocol):
    """What "fine-tuned" means in a trial."""

    @property
    def name(self) -> str:
        """What params call it."""

    @property
    def depends(self) -> Mapping[str, Any]:
        """What a trial's numbers come from, beside training data and seed; for JSON."""

    def of(self, experts: tuple[str, ...]) -> "Fidelity":
        """With no more than a trial of some experts needs."""

    def effect(self, trial: Trial, repeats: Repeats, *, seed: int) -> Effect:
        """Run a trial on each repeat."""


@dataclass(frozen=True)
class Probe:
    """Heads on cached features, in seconds; the student sees those of a frozen backbone."""

    name: str = "probe"

    @property
    def depends(self) -> Mapping[str, Any]:
        """Recipes and version."""
        recipes = {"teacher": PROBE, "student": PROBE_STUDENT}
        return {n: r.model_dump(mode="json") for n, r in recipes.items()} | {"version": VERSION}

    def of(self, experts: tuple[str, ...]) -> "Probe":
        """All that any trial needs."""
        return self

    def effect(self, trial: Trial, repeats: Repeats, *, seed: int) -> Effect:
        """Fit a teacher on some experts, then distil a student from it, on each repeat."""
        teachers, students = [], []
        for data in repeats:
            part = replace(data, features={name: data.features[name] for name in trial.experts})
            teacher = teach(part, params=PROBE, seed=seed) if trial.experts else None
            teachers.append(np.nan if teacher is None else teacher_srcc(teacher, part))
            students.append(_student(part, teacher, seed) if trial.student else np.nan)
        return Effect(np.array(teachers), np.array(students))


def _student(data: TrainingData, teacher: Teacher | None, seed: int) -> float:
    if data.sight is None:
        raise ValueError("a trial needs the features that stand for the student's backbone")
    width = data.sight.whole(data.train[:1]).shape[1]
    with initialisation(seed):
        student = Student(
            Features(width),
            dim=PROBE.dim,
            levels=data.target.shape[1],
            dropout=PROBE_STUDENT.dropout,
            others=data.others,
        )
    if teacher is None:
        train_student(student, data, params=PROBE_STUDENT, seed=seed)
    else:
        distill(student, teacher, data, params=PROBE_STUDENT, seed=seed)
    return student_srcc(student, data)


def teacher_srcc(teacher: Teacher, data: TrainingData) -> float:
    """SRCC of a teacher on validation videos."""
    with torch.inference_mode():
        return _srcc(teacher(data.of(data.validation)).logits, data)


def student_srcc(student: Student, data: TrainingData) -> float:
    """SRCC of a student on validation videos."""
    with torch.inference_mode():
        return _srcc(predict_logits(student, data, data.validation), data)


def _srcc(logits: torch.Tensor, data: TrainingData) -> float:
    values = data.values.numpy().astype(np.float64)
    scores = expectation(logits.softmax(1).numpy(), values)
    return agreement.srcc(scores, data.mos[data.validation].numpy())
