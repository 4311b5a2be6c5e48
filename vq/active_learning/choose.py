"""Choose the videos to rate next: some at random, the others for what their ratings teach."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from jaxtyping import Int64

from vq.active_learning.candidates import Candidates
from vq.active_learning.design import Design, normal_scores
from vq.params import Ask

Check = Callable[[Sequence[str]], Mapping[str, str]]
"""Why some of these videos are not to be rated, by name; each comes once, in the order chosen."""


@dataclass(frozen=True)
class Choice:
    """A video to rate."""

    place: int
    """In the candidates."""
    reason: str
    random: bool = False


@dataclass
class Chosen:
    """What to rate, and what was left out on the way."""

    choices: list[Choice] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by video."""


def choose(
    candidates: Candidates,
    budget: int,
    *,
    settings: Ask,
    rng: np.random.Generator,
    rated: Candidates | None = None,
    check: Check = lambda _: {},
) -> Chosen:
    """Choose as many videos as the budget says, or all that there are; no content twice.

    Of a large collection, `settings.candidates` drawn at random can be chosen for what they teach.
    What the `rated` videos taught needs no rating again.
    """
    contents: set[int] = set()
    order = rng.permutation(len(candidates.videos))
    at_random = _at_random(order, candidates.content, contents)
    wanted = min(round(settings.random * budget), budget)
    fresh = list(islice(at_random, wanted))
    by_design = _by_design(
        candidates, order, [choice.place for choice in fresh], contents, rated, settings, rng
    )
    fresh += islice(by_design, budget - wanted)
    chosen = Chosen()
    while fresh:
        names = [candidates.videos[choice.place] for choice in fresh]
        problems = check(names)
        chosen.left_out |= problems
        chosen.choices += [
            choice for choice, name in zip(fresh, names, strict=True) if name not in problems
        ]
        missing = wanted - sum(choice.random for choice in chosen.choices)
        fresh = list(islice(at_random, missing))
        fresh += islice(by_design, budget - len(chosen.choices) - len(fresh))
    chosen.choices.sort(key=lambda choice: not choice.random)
    return chosen


def _at_random(
    order: Int64[np.ndarray, " videos"], content: Int64[np.ndarray, " videos"], contents: set[int]
) -> Iterator[Choice]:
    for place in order:
        if int(content[place]) not in contents:
            contents.add(int(content[place]))
            yield Choice(int(place), "drawn at random: keeps the evaluation unbiased", random=True)


def _by_design(
    candidates: Candidates,
    order: Int64[np.ndarray, " videos"],
    randoms: Sequence[int],
    contents: set[int],
    rated: Candidates | None,
    settings: Ask,
    rng: np.random.Generator,
) -> Iterator[Choice]:
    """The best first, in view of those drawn at random and of what is rated."""
    drawn = np.array(randoms, np.int64)
    some = order[: settings.candidates]
    pool = np.concatenate([drawn, some[~np.isin(some, drawn)]])
    features = [candidates.feature[pool]]
    if rated is not None:
        features.append(rated.feature[rng.permutation(len(rated.videos))[: settings.others]])
    scores = normal_scores(np.concatenate(features))
    # All of the pool was drawn at random, so a part of it stands for all videos.
    design = Design(scores, scores[: len(pool)][-settings.others :])
    for place in (*range(len(drawn)), *range(len(pool), len(scores))):
        design.rate(place)
    content = candidates.content[pool]
    allowed = np.zeros(len(scores), bool)
    while True:
        allowed[: len(pool)] = ~np.isin(content, list(contents))
        if not allowed.any():
            return
        best = design.best(allowed)
        contents.add(int(content[best]))
        new = design.variance[best]
        yield Choice(
            int(pool[best]), f"teaches most next: {new:.0%} of it is new after the videos above"
        )
        design.rate(best)
