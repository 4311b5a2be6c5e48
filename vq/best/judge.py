"""Which copy of a group is best, from what was measured of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vq.best import comparison, upscaled
from vq.best.copy import Copy
from vq.best.detail import Shared
from vq.best.look import Look
from vq.best.reasons import Facts, facts_of, reasons_of
from vq.best.result import Group, Judged

SURE = 0.9
"""Confidence below which nobody is named."""
ALIKE = 0.5
"""Probability of being visibly worse below which a copy is called alike."""
LOOKS_BETTER = 0.125
"""Share of the scale by which the score of a copy that cannot be compared has to be better, for
nobody to be named."""


@dataclass(frozen=True)
class Scale:
    """Of the student's scores."""

    better: str
    """higher or lower."""
    span: float


def alone(copies: Sequence[Copy], apart: Mapping[int, str], scale: Scale) -> Group:
    """Judge a group in which no two copies can be compared.

    One is left where all others are cropped or shorter: that one is best.

    Args:
        copies: all of the group.
        apart: why a copy cannot be compared, by its place.
        scale: of the scores of the student.
    """
    left = [place for place in range(len(copies)) if place not in apart]
    if len(left) != 1:
        return _put_together(copies, {}, apart, None, None, "no two copies can be lined up")
    judged = {left[0]: Judged(copies[left[0]], "best")}
    doubt = _doubt(copies, left[0], apart, scale)
    return _put_together(copies, judged, apart, left[0], None, doubt)


def among(
    copies: Sequence[Copy],
    looks: Mapping[int, Look],
    shared: Shared,
    *,
    mirrored: Mapping[int, bool],
    apart: Mapping[int, str],
    scale: Scale,
) -> Group:
    """Judge a group.

    Args:
        copies: all of the group.
        looks: of those that were compared, by their place.
        shared: what these have in common, in the order of `looks`.
        mirrored: of these, whether they had to be turned around, by their place.
        apart: why a copy could not be compared, by its place.
        scale: of the scores of the student.
    """
    fitted = comparison.load()
    places = list(looks)
    compared = [copies[place] for place in places]
    size = max(copy.pixels for copy in compared)
    bits = np.array([copy.bits / copy.probe.frames / size for copy in compared])
    codecs = [copy.probe.codec for copy in compared]
    sizes = np.array([copy.pixels / size for copy in compared])
    spectra = np.stack([looks[place].spectrum for place in places]).astype(float)
    numbers = comparison.measurements(shared, spectra, sizes=sizes, bits=bits, codecs=codecs)
    parts = dict(zip(places, comparison.contributions(numbers, fitted), strict=True))
    utility = {place: float(part.sum()) for place, part in parts.items()}
    full = sizes == 1
    chances = upscaled.probabilities(
        upscaled.measurements(shared, spectra, full, bits), fitted
    ).tolist()
    facts = {
        place: facts_of(
            copies[place],
            shared,
            number,
            upscaled=chances[number] if full[number] else None,
            mirrored=mirrored[place],
        )
        for number, place in enumerate(places)
    }
    # Of equals, the smaller file.
    order = sorted(places, key=lambda place: (-utility[place], copies[place].bytes))
    best, second = order[0], order[1]
    confidence = comparison.confidence(parts[best], parts[second], fitted)
    judged = {best: Judged(copies[best], "best", upscaled=facts[best].upscaled)}
    for place in order[1:]:
        worse = comparison.visibly_better(utility[best] - utility[place], fitted)
        judged[place] = _other(facts[place], facts[best], worse)
    doubt = _doubt(copies, best, apart, scale)
    if not doubt and confidence < SURE:
        doubt = (
            f"{copies[second].video} may be visibly better than {copies[best].video}: "
            f"confidence {confidence:.2f} is below {SURE}"
        )
    return _put_together(copies, judged, apart, best, confidence, doubt)


def _other(one: Facts, best: Facts, worse: float) -> Judged:
    return Judged(
        one.copy,
        "worse" if worse >= ALIKE else "alike",
        visibly_worse=worse,
        upscaled=one.upscaled,
        reasons=reasons_of(one, best),
    )


def _put_together(
    copies: Sequence[Copy],
    judged: Mapping[int, Judged],
    apart: Mapping[int, str],
    best: int | None,
    confidence: float | None,
    doubt: str,
) -> Group:
    every = [
        judged[place] if place in judged else Judged(copy, "apart", reasons=(apart.get(place, ""),))
        for place, copy in enumerate(copies)
    ]
    if doubt:
        return Group(tuple(one.undecided() for one in every), None, confidence, doubt)
    return Group(tuple(every), best, confidence, "")


def _doubt(copies: Sequence[Copy], best: int, apart: Mapping[int, str], scale: Scale) -> str:
    """Why nobody is named: what cannot be compared looks better by itself."""
    sign = 1 if scale.better == "higher" else -1
    for place, reason in apart.items():
        mine, theirs = copies[place].row.score, copies[best].row.score
        if mine is None or theirs is None:
            continue
        if sign * (mine - theirs) > LOOKS_BETTER * scale.span:
            return (
                f"{copies[place].video} looks better by itself ({mine:.2f}; "
                f"{copies[best].video} has {theirs:.2f}), but it is {reason}"
            )
    return ""
