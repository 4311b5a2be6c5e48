"""The words of absolute category rating for scores and ratings, and how many people say which.

`label` needs no numpy: whoever scores a video asks for it.
"""

LABELS = ("bad", "poor", "fair", "good", "excellent")
"""The words of absolute category rating (ITU-T P.910), worst first."""
STEPS = 8
"""Parts of a scale by which scores are shown: half steps of 1 to 5."""


def label(score: float, scale: tuple[float, float], better: str) -> str:
    """The word for a score: that of the fifth of the scale in which it lies.

    Five equal parts of the scale, as on the continuous scale of ITU-R BT.500 and in Q-Align (Wu et
    al., ICML 2024), worst first in the direction `better`. Where two parts meet, the better word.
    """
    place = (score - scale[0]) / (scale[1] - scale[0])
    fifths = 5 * (place if better == "higher" else 1 - place)
    # Where parts meet, the last bits of a division do not choose the word.
    return LABELS[min(max(int(fifths + 1e-9), 0), len(LABELS) - 1)]


def step_of(score: float, scale: tuple[float, float]) -> int:
    """Which of the `STEPS` parts of a scale a score lies in, from 0; the last one has its end."""
    place = STEPS * (score - scale[0]) / (scale[1] - scale[0])
    return min(max(int(place + 1e-9), 0), STEPS - 1)


def ends_of(step: int, scale: tuple[float, float]) -> tuple[float, float]:
    """The scores between which a part of a scale lies."""
    width = (scale[1] - scale[0]) / STEPS
    return scale[0] + step * width, scale[0] + (step + 1) * width
