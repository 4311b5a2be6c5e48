"""In which order a rater sees which clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.random import Generator

Kind = Literal["training", "test", "repeat", "gold"]


@dataclass(frozen=True)
class Trial:
    """One thing to rate."""

    kind: Kind
    first: int
    """Number of the clip."""
    second: int | None = None
    """Number of the clip that is compared with it; None in absolute category rating."""


def single_clips(
    clips: Sequence[int],
    *,
    training: Sequence[int],
    gold: Sequence[int],
    repeats: int,
    most: int,
    assigned: Mapping[int, int],
    rng: Generator,
) -> list[Trial]:
    """Trials of absolute category rating: training first, then clips, repeats and gold mixed.

    A repeat comes at least a third of the clips after its first showing.

    Args:
        clips: numbers of what can be rated.
        training: shown first, in this order; not counted.
        gold: each somewhere after the first clip.
        repeats: how many clips are shown a second time.
        most: how many of the clips one rater gets: those that fewest raters have.
        assigned: how many raters have each clip.
        rng: source of the order.
    """
    chosen = _rarest(clips, most, assigned, rng)
    if list(training[-1:]) == chosen[:1]:  # shown twice in a row, anybody notices
        chosen = [*chosen[1:], chosen[0]]
    trials = [Trial("test", clip) for clip in chosen]
    early = chosen[: max(1, len(chosen) // 2)]
    for clip in rng.permutation(early)[:repeats].tolist() if len(chosen) > 2 else []:
        shown = next(place for place, trial in enumerate(trials) if trial.first == clip)
        earliest = shown + 1 + max(1, len(chosen) // 3)
        place = int(rng.integers(min(earliest, len(trials)), len(trials) + 1))
        trials.insert(place, Trial("repeat", clip))
    for clip in gold:
        trials.insert(int(rng.integers(1, len(trials) + 1)), Trial("gold", clip))
    return [*(Trial("training", clip) for clip in training), *trials]


def pairs(
    clips: Sequence[int],
    *,
    training: Sequence[int],
    repeats: int,
    most: int,
    assigned: Mapping[int, int],
    rng: Generator,
) -> list[Trial]:
    """Trials of pair comparison: a random ring of the clips, each beside two others.

    A rater sees each clip twice; rings of several raters together compare everything with
    everything else, if not directly. Repeats show a pair again, in the other order.
    """
    ring = _rarest(clips, most, assigned, rng)
    neighbours = list(zip(ring, [*ring[1:], ring[0]], strict=True))[: 1 if len(ring) == 2 else None]
    order = rng.permutation(len(neighbours)).tolist()
    turned = rng.random(len(neighbours)) < 0.5
    trials = []
    for place in order:
        first, second = neighbours[place][:: -1 if turned[place] else 1]
        trials.append(Trial("test", first, second))
    if len(trials) > 2:
        for trial in trials[:repeats]:
            trials.append(Trial("repeat", trial.second or 0, trial.first))
    practice = [
        Trial("training", first, second)
        for first, second in zip(training[::2], training[1::2], strict=False)
    ]
    return [*practice, *trials]


def _rarest(
    clips: Sequence[int], most: int, assigned: Mapping[int, int], rng: Generator
) -> list[int]:
    """At most so many clips, those that fewest raters have, in random order."""
    shuffled = rng.permutation(list(clips)).tolist()
    rarest = sorted(shuffled, key=lambda clip: assigned.get(clip, 0))[:most]
    return [clip for clip in shuffled if clip in set(rarest)]
