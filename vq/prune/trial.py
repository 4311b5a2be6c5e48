"""One trial at the probe fidelity: what some experts do for themselves and for a student."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64

from vq.data.levels import expectation
from vq.evaluate import agreement
from vq.learn.distill import distill, look
from vq.learn.lesson import Lesson
from vq.learn.loop import initialisation
from vq.learn.probe import PROBE, PROBE_STUDENT
from vq.learn.teach import teach
from vq.student.network import Features, Student
from vq.teacher.network import Teacher

Lessons = Sequence[Lesson]
"""The same videos under repeated train/validation splits; test videos are in none."""


@dataclass(frozen=True, eq=False)
class Effect:
    """Validation SRCC of a trial, one number for each repeat."""

    teacher: Float64[np.ndarray, " repeats"]
    """Of the experts themselves with a fitted head ("updated model", where there is one expert)."""
    student: Float64[np.ndarray, " repeats"]
    """Of the student distilled from them."""


def plain(lessons: Lessons, *, seed: int) -> Float64[np.ndarray, " repeats"]:
    """Validation SRCC of the student without distillation."""
    return np.array([_student(lesson, None, seed) for lesson in lessons])


def effect(experts: Sequence[str], lessons: Lessons, *, seed: int) -> Effect:
    """Fit a teacher on some experts, then distil a student from it, on each repeat."""
    teachers, students = [], []
    for lesson in lessons:
        some = replace(lesson, features={name: lesson.features[name] for name in experts})
        teacher = teach(some, params=PROBE, seed=seed)
        with torch.inference_mode():
            logits = teacher(some.of(some.validation)).logits
        teachers.append(_srcc(logits, some))
        students.append(_student(some, teacher, seed))
    return Effect(np.array(teachers), np.array(students))


def _student(lesson: Lesson, teacher: Teacher | None, seed: int) -> float:
    if lesson.sight is None:
        raise ValueError("a trial needs the features that stand for the student's backbone")
    width = lesson.sight.whole(lesson.train[:1]).shape[1]
    with initialisation(seed):
        student = Student(
            Features(width),
            dim=PROBE.dim,
            levels=lesson.target.shape[1],
            dropout=PROBE_STUDENT.dropout,
            others=lesson.others,
        )
    distill(student, teacher, lesson, params=PROBE_STUDENT, seed=seed)
    with torch.inference_mode():
        return _srcc(look(student, lesson, lesson.validation), lesson)


def _srcc(logits: torch.Tensor, lesson: Lesson) -> float:
    values = lesson.values.numpy().astype(np.float64)
    rows = lesson.validation
    return agreement.srcc(
        expectation(logits.softmax(1).numpy(), values),
        expectation(lesson.target[rows].numpy(), values),
    )
