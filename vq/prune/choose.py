"""Candidates (claim 8), then the greedy combination of the best (claim 9)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vq.errors import DataError
from vq.evaluate import interval
from vq.params import Prune
from vq.prune.trial import Effect

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Judged:
    """What the trials said of one expert."""

    name: str
    effect: Effect
    gain: float
    """Confidence, 0 to 1, that its student beats the undistilled one."""
    claim8: float
    """Confidence, 0 to 1, that its student beats the expert's own fitted head."""
    twin: tuple[str, float] | None
    """A stronger expert that says the same, and their CKA."""
    candidate: bool
    reason: str
    """Why it is a candidate, or why not: one sentence."""


@dataclass(frozen=True)
class Step:
    """One step of the combination."""

    joined: tuple[str, ...]
    """Experts that joined in this step."""
    srcc: float
    """Mean second effect of the combination after it."""
    reason: str


def confidence(
    better: Float64[np.ndarray, " repeats"],
    worse: Float64[np.ndarray, " repeats"],
    *,
    test_over_train: float,
) -> float:
    """One-sided confidence that `better` beats `worse`, paired over repeated splits.

    Student's t with the correction of Nadeau and Bengio for splits that overlap.
    """
    return interval.one_sided((better - worse).tolist(), test_over_train=test_over_train)


def judge(
    effects: Mapping[str, Effect],
    plain: Float64[np.ndarray, " repeats"],
    twins: Mapping[str, tuple[str, float]],
    *,
    test_over_train: float,
    params: Prune,
) -> list[Judged]:
    """Hold each expert against both criteria of claim 8; `params.candidate` decides.

    Raises:
        DataError: fewer than two candidates are left: there is nothing to combine.
    """
    judged = []
    for name, effect in effects.items():
        gain = confidence(effect.student, plain, test_over_train=test_over_train)
        claim8 = confidence(effect.student, effect.teacher, test_over_train=test_over_train)
        asked, rival = (gain, "the undistilled student")
        if params.candidate == "claim8":
            asked, rival = (claim8, "the expert's own head")
        twin = twins.get(name)
        beats = asked >= params.candidate_confidence
        if twin:
            reason = f"says what {twin[0]} says (CKA {twin[1]:.3f}), and is weaker"
        else:
            word = "passes" if beats else "fails"
            reason = f"{word}: its student beats {rival} with confidence {asked:.2f}"
        judged.append(Judged(name, effect, gain, claim8, twin, beats and not twin, reason))
    left = [one.name for one in judged if one.candidate]
    if len(left) < 2:
        lines = "; ".join(f"{one.name}: {one.reason}" for one in judged)
        raise DataError(
            f"{len(left)} of {len(judged)} experts are candidates; two are needed ({lines}). "
            "Bring more experts or more videos, or lower prune.candidate_confidence"
        )
    return judged


def combine(
    candidates: Sequence[Judged],
    trial: Callable[[tuple[str, ...]], Effect],
    *,
    test_over_train: float,
    params: Prune,
) -> tuple[tuple[str, ...], list[Step]]:
    """Start with the K best first effects; whoever has the best second effect joins; repeat.

    Returns:
        The experts of the combination, and the steps that led to it.
    """

    def second(effect: Effect) -> Float64[np.ndarray, " repeats"]:
        return effect.student if params.effect == "student" else effect.teacher

    ranked = sorted(candidates, key=lambda one: (-one.effect.student.mean(), one.name))
    start = min(params.top, len(ranked))
    chosen = tuple(one.name for one in ranked[:start])
    now = trial(chosen)
    steps = [Step(chosen, float(second(now).mean()), f"the {start} best first effects")]
    rest = [one.name for one in ranked[start:]]
    while rest and len(chosen) < params.max_experts:
        tried = {name: trial((*chosen, name)) for name in rest}
        best = max(rest, key=lambda name: float(second(tried[name]).mean()))
        sure = confidence(second(tried[best]), second(now), test_over_train=test_over_train)
        srcc = float(second(tried[best]).mean())
        if sure < params.join_confidence:
            steps.append(Step((), srcc, f"{best} would not surely help (confidence {sure:.2f})"))
            break
        chosen, now = (*chosen, best), tried[best]
        rest.remove(best)
        steps.append(Step((best,), srcc, f"best second effect (confidence {sure:.2f})"))
        log.info("%s joins: %.4f", best, srcc)
    return chosen, steps
