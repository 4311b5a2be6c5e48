"""The whole of pruning on given trials: judge every expert, then combine the best."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64

from vq.params import Prune
from vq.pruning import greedy, similarity
from vq.pruning.greedy import Combination, ExpertAssessment, Names
from vq.pruning.trial import Effect, Trial
from vq.pruning.trials import Trials

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Selection:
    """The outcome of pruning."""

    judged: list[ExpertAssessment]
    combination: Combination
    plain: Float64[np.ndarray, " repeats"]
    """Validation SRCC of the student without distillation."""
    alike: pd.DataFrame
    """CKA of each pair of experts."""

    @property
    def single(self) -> str:
        """The expert whose own head agrees best."""
        return max(self.judged, key=lambda one: float(one.effect.teacher.mean())).name


def first(experts: Sequence[str]) -> list[Trial]:
    """The trials that any pruning begins with: nobody, and each expert alone."""
    return [Trial((), student=True), *(Trial((name,), student=True) for name in experts)]


def select(
    trials: Trials,
    features: Mapping[str, Float[np.ndarray, "videos _"]],
    costs: Mapping[str, float],
    *,
    params: Prune,
) -> Selection:
    """Choose the experts of the teacher.

    Features, by expert, are those of training videos, for the comparison of experts; costs are
    GMACs a video.

    Raises:
        DataError: fewer than two candidates, or none that fit the budget.
        VqError: see `Trials.run`.
    """
    nobody, *alone = trials.run(first(list(features)), "each expert alone")
    effects = dict(zip(features, alone, strict=True))
    for name, effect in effects.items():
        heads, students = effect.teacher.mean(), effect.student.mean()
        log.info("%s: own head %.4f, student %.4f", name, heads, students)
    log.info("undistilled student: %.4f", nobody.student.mean())
    alike, shared = similarity.matrix(features), similarity.shared(features)

    def better(name: str, other: str) -> bool:
        """Surely stronger; or else, as far as can be told, as strong and cheaper."""
        one, two = effects[name].teacher, effects[other].teacher
        sure = [
            greedy.confidence(*pair, test_over_train=trials.overlap) >= params.candidate_confidence
            for pair in ((one, two), (two, one))
        ]
        return sure[0] or (not sure[1] and costs[name] < costs[other])

    judged = greedy.judge(
        effects,
        nobody.student,
        similarity.twins(shared, better, params.max_similarity),
        test_over_train=trials.overlap,
        params=params,
    )

    def measure(combinations: Sequence[Names], what: str) -> list[Effect]:
        student = params.effect == "student"
        # The trial of one expert alone has a student, whatever the effect.
        wanted = [Trial(names, student or len(names) == 1) for names in combinations]
        return trials.run(wanted, what)

    combination = greedy.combine(
        [one for one in judged if one.candidate],
        measure,
        costs,
        test_over_train=trials.overlap,
        params=params,
    )
    return Selection(judged, combination, nobody.student, alike)
