"""Exposure: the tone curve that leads from the luma of an original to that of a copy."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import least_squares

BLACK, WHITE = 16, 235
"""Of limited range, 8 bits."""
_SAME = 2.0
"""Grey levels; a curve nowhere further from a straight one is none."""
_SAMPLE = 4000

Luma = Float64[np.ndarray, "..."]


@dataclass(frozen=True)
class Tone:
    """`offset + gain * x ** gamma`, cut off at 0 and 1, for luma x from black (0) to white (1).

    Gain alone is another exposure (with a camera's gamma in between), gamma what filters and
    displays do, offset a veil or crushed blacks. Whatever is no such curve (noise, blur, bands,
    local tone mapping) stays a difference that other measures see.
    """

    gain: float = 1.0
    gamma: float = 1.0
    offset: float = 0.0

    @property
    def identity(self) -> bool:
        """Whether nothing was done to exposure."""
        return (self.gain, self.gamma, self.offset) == (1.0, 1.0, 0.0)

    @property
    def expression(self) -> str:
        """The same for the filter `lutyuv` of FFmpeg, 8 bits."""
        x = f"clip((val-{BLACK})/{WHITE - BLACK},0,1)"
        curve = f"{self.offset:.6f}+{self.gain:.6f}*pow({x},{self.gamma:.6f})"
        return f"round({BLACK}+{WHITE - BLACK}*clip({curve},0,1))"

    def __call__(self, luma: Luma) -> Luma:
        """Luma of the copy, 16 to 235."""
        x = np.clip((luma - BLACK) / (WHITE - BLACK), 0, 1)
        return BLACK + (WHITE - BLACK) * np.clip(self.offset + self.gain * x**self.gamma, 0, 1)

    def contrast(self, luma: Luma) -> float:
        """Standard deviation after over before; 1 where the picture is flat."""
        before = float(luma.std())
        return float(self(luma).std()) / before if before > 1 else 1.0


def fit(reference: Luma, copy: Luma) -> Tone:
    """The curve that fits means of blocks best, robustly; identity if it changes next to nothing.

    Luma is that of limited range, of blocks large enough that blur and noise leave them alone.
    """
    x, y = (np.asarray(part, float).ravel() for part in (reference, copy))
    step = max(1, len(x) // _SAMPLE)
    x, y = x[::step], y[::step]
    span = WHITE - BLACK

    def error(values: np.ndarray) -> np.ndarray:
        curve = Tone(*values)(x) - y
        # Where a picture has few tones, many curves fit: the plainest, then.
        plain = 0.02 * span * np.array([0.3 * np.log(values[0]), np.log(values[1]), values[2]])
        return np.concatenate([curve, plain * np.sqrt(len(x))])

    start = [np.clip(y.mean() - BLACK, 1, span) / np.clip(x.mean() - BLACK, 1, span), 1.0, 0.0]
    bounds = ([0.02, 0.3, -0.5], [12.0, 3.0, 0.5])
    start[0] = float(np.clip(start[0], 0.03, 11.0))
    values = least_squares(error, start, bounds=bounds, loss="soft_l1", f_scale=3.0).x
    tone = Tone(*(round(float(v), 6) for v in values))
    low, high = np.percentile(x, [1, 99])
    shown = np.linspace(low, high, 16)
    return tone if np.abs(tone(shown) - shown).max() > _SAME else Tone()
