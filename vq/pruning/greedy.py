"""Candidates (claim 8), then the greedy combination of the best (claim 9)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vq.errors import DataError
from vq.metrics import interval
from vq.params import Prune
from vq.pruning.trial import Effect
from vq.words import count

log = logging.getLogger(__name__)

Names = tuple[str, ...]
Second = Float64[np.ndarray, " repeats"]

CRITERIA = {
    "knows": "its own head agrees with the ratings",
    "gain": "its student beats the undistilled student",
    "claim8": "its student beats the expert's own head",
}
"""What an expert has to show, by the name of the criterion in params."""


@dataclass(frozen=True, eq=False)
class ExpertAssessment:
    """What the trials show of one expert."""

    name: str
    effect: Effect
    knows: float
    """Confidence, 0 to 1, that its own fitted head agrees with the ratings at all."""
    gain: float
    """Confidence, 0 to 1, that its student beats the undistilled one."""
    claim8: float
    """Confidence, 0 to 1, that its student beats the expert's own fitted head."""
    twin: tuple[str, float] | None
    """An expert that says the same and stays in its place, and how alike they are."""
    candidate: bool
    reason: str
    """Why it is a candidate, or why not: one sentence."""


@dataclass(frozen=True)
class Step:
    """One step of the combination."""

    joined: Names
    """Experts that joined in this step."""
    left: Names
    """Experts that left in this step."""
    experts: Names
    """The combination after it."""
    srcc: float
    """Its mean second effect."""
    gmacs: float
    """Its cost."""
    reason: str


@dataclass(frozen=True)
class MarginalGain:
    """What one expert adds to the combination of the others, paired over the repeats."""

    adds: float
    """SRCC."""
    confidence: float
    """0 to 1, that this is above 0."""


@dataclass(frozen=True)
class Combination:
    """The outcome."""

    experts: Names
    steps: tuple[Step, ...]
    worth: Mapping[str, MarginalGain]
    """Of those in it, beside the others in it; of those left out, when last tried."""


def confidence(better: Second, worse: Second, *, test_over_train: float) -> float:
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
) -> list[ExpertAssessment]:
    """Hold each expert against every criterion of claim 8; `params.candidate` decides.

    Raises:
        DataError: fewer than two candidates are left: there is nothing to combine.
    """
    judged = []
    for name, effect in effects.items():
        chance = np.zeros_like(plain)
        confidences = {
            criterion: confidence(better, worse, test_over_train=test_over_train)
            for criterion, (better, worse) in {
                "knows": (effect.teacher, chance),
                "gain": (effect.student, plain),
                "claim8": (effect.student, effect.teacher),
            }.items()
        }
        decisive = confidences[params.candidate]
        twin = twins.get(name)
        passes = decisive >= params.candidate_confidence
        if twin:
            reason = f"says what {twin[0]} says ({twin[1]:.0%}), and is not surely better"
        else:
            word = "passes" if passes else "fails"
            reason = f"{word}: {CRITERIA[params.candidate]} with confidence {decisive:.2f}"
        judged.append(
            ExpertAssessment(
                name, effect, **confidences, twin=twin, candidate=passes and not twin, reason=reason
            )
        )
    candidates = [one.name for one in judged if one.candidate]
    if len(candidates) < 2:
        lines = "; ".join(f"{one.name}: {one.reason}" for one in judged)
        raise DataError(
            f"{len(candidates)} of {count(len(judged), 'expert')} are candidates; two are needed "
            f"({lines}). Bring more experts or more videos, or lower prune.candidate_confidence"
        )
    return judged


def combine(
    candidates: Sequence[ExpertAssessment],
    trials: Callable[[Sequence[Names], str], Sequence[Effect]],
    costs: Mapping[str, float],
    *,
    test_over_train: float,
    params: Prune,
) -> Combination:
    """Start with the K best first effects; whoever has the best second effect joins; repeat.

    Nobody joins who does not surely help, but for a second expert: one alone is no ensemble
    (claim 1). Among experts that cannot be told apart, the cheaper one is taken. Who added nothing
    in one round is not tried again. At the end, whoever the others have made superfluous leaves.

    `trials` returns the second effects of some combinations; costs are GMACs a video. The params
    say whose agreement is the effect, the teacher's or the student's.

    Raises:
        DataError: no two candidates fit `params.max_gmacs`.
    """
    return _Search(candidates, trials, costs, test_over_train, params).run()


class _Search:
    """The greedy search; its state is the combination so far."""

    def __init__(
        self,
        candidates: Sequence[ExpertAssessment],
        trials: Callable[[Sequence[Names], str], Sequence[Effect]],
        costs: Mapping[str, float],
        test_over_train: float,
        params: Prune,
    ) -> None:
        self.candidates, self.trials, self.costs = candidates, trials, costs
        self.test_over_train, self.params = test_over_train, params
        self.first = {one.name: self.second(one.effect) for one in candidates}
        self.chosen: Names = ()
        self.current: Second = np.empty(0)
        self.worth: dict[str, MarginalGain] = {}
        self.idle: set[str] = set()
        self.steps: list[Step] = []

    def run(self) -> Combination:
        self._start()
        while self._join():
            pass
        while self._leave():
            pass
        return Combination(self.chosen, tuple(self.steps), self.worth)

    def second(self, effect: Effect) -> Second:
        return effect.student if self.params.effect == "student" else effect.teacher

    def _start(self) -> None:
        for _ in range(min(self.params.top, len(self.candidates))):
            fits = self._fitting()
            if not fits:
                break
            effects = {name: self.first[name] for name in fits}
            self.chosen = (*self.chosen, self._cheapest(effects))
        many = len(self.chosen)
        self.current = (
            self.first[self.chosen[0]] if many == 1 else self._measure([self.chosen], "start")[0]
        )
        best = "the best first effect" if many == 1 else f"the {many} best first effects"
        self._note(self.chosen, (), best)

    def _join(self) -> bool:
        names = self._fitting() if len(self.chosen) < self.params.max_experts else []
        if not names:
            return False
        effects = self._measure(
            [(*self.chosen, name) for name in names], f"combinations of {len(self.chosen) + 1}"
        )
        tried = dict(zip(names, effects, strict=True))
        confidences = {
            name: self._confidence(effect, self.current) for name, effect in tried.items()
        }
        for name, effect in tried.items():
            gain = float((effect - self.current).mean())
            self.worth[name] = MarginalGain(gain, confidences[name])
            # Who adds nothing to few adds nothing to more: a large zoo would else take long.
            if self.worth[name].adds <= 0:
                self.idle.add(name)
        helping = {n: e for n, e in tried.items() if confidences[n] >= self.params.join_confidence}
        best = max(names, key=lambda name: float(tried[name].mean()))
        if helping:
            best = self._cheapest(helping)
            reason = f"best second effect (helps with confidence {confidences[best]:.2f})"
        elif len(self.chosen) < 2:
            reason = f"an ensemble needs two (helps with confidence {confidences[best]:.2f} alone)"
        else:
            reason = f"{best} would not surely help (confidence {confidences[best]:.2f})"
            self._note((), (), reason)
            return False
        self.chosen, self.current = (*self.chosen, best), tried[best]
        self._note((best,), (), reason)
        return True

    def _leave(self) -> bool:
        without = {name: tuple(n for n in self.chosen if n != name) for name in self.chosen}
        effects = self._measure(list(without.values()), f"{len(self.chosen)} with one left out")
        rest = dict(zip(without, effects, strict=True))
        for name, effect in rest.items():
            gain = float((self.current - effect).mean())
            self.worth[name] = MarginalGain(gain, self._confidence(self.current, effect))
        idle = [n for n in self.chosen if self.worth[n].confidence < self.params.join_confidence]
        if not idle or len(self.chosen) == 2:
            return False
        dropped = max(idle, key=lambda name: (float(rest[name].mean()), self.costs[name], name))
        self.chosen, self.current = without[dropped], rest[dropped]
        sure = self.worth[dropped].confidence
        reason = f"the others do without it (it helps with confidence {sure:.2f})"
        self._note((), (dropped,), reason)
        return True

    def _measure(self, combinations: Sequence[Names], what: str) -> list[Second]:
        return [self.second(effect) for effect in self.trials(combinations, what)]

    def _confidence(self, better: Second, worse: Second) -> float:
        return confidence(better, worse, test_over_train=self.test_over_train)

    def _cheapest(self, effects: Mapping[str, Second]) -> str:
        """The cheapest of those that the best one does not surely beat."""
        best = max(sorted(effects), key=lambda name: float(effects[name].mean()))
        level = [
            name
            for name in effects
            if self._confidence(effects[best], effects[name]) < self.params.join_confidence
        ]
        return min([best, *level], key=lambda n: (self.costs[n], n != best, -effects[n].mean(), n))

    def _fitting(self) -> list[str]:
        """Who may come next: within the budget, and leaving room for a second expert."""
        limit = self.params.max_gmacs
        out = {*self.chosen, *self.idle}
        rest = [one.name for one in self.candidates if one.name not in out]
        if limit is None:
            return rest
        spent = sum(self.costs[name] for name in self.chosen)
        fits = []
        for name in rest:
            others = [self.costs[other] for other in rest if other != name]
            second = min(others, default=np.inf) if not self.chosen else 0.0
            if spent + self.costs[name] + second <= limit:
                fits.append(name)
        if not fits and not self.chosen:
            cheap = sorted(self.costs[name] for name in rest)[:2]
            raise DataError(
                f"no two candidates fit prune.max_gmacs ({limit:g} GMACs a video): the cheapest "
                f"two take {sum(cheap):.3g}; raise it, or bring cheaper experts"
            )
        return fits

    def _note(self, joined: Names, left: Names, reason: str) -> None:
        cost = sum(self.costs[name] for name in self.chosen)
        step = Step(joined, left, self.chosen, float(self.current.mean()), cost, reason)
        self.steps.append(step)
        log.info("%s: %.4f, %s", ", ".join(joined or left or ("nobody",)), step.srcc, reason)
