"""One label for a damaged copy, on the scale of 1 to 5, from what full-reference tools say of it.

No tool sees everything: VMAF knows compression, scaling and blur, and next to nothing of noise and
halos; PSNR and SSIM know these; none of them knows a stall from a shifted picture, nor exposure
from damage. So each kind of damage is an *impairment* in grades, 0 (none) to 4, by the tool that
knows it, and the label is what they leave of 5. Every constant is ours, chosen as the comment at
it says; `benchmarks/fused_label.py` measures those that real opinions exist for.

The label is synthetic: nobody has looked at the video.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vq.synthetic.full_reference import Measures, Series
from vq.synthetic.tones import BLACK, WHITE

FUSION = 1
"""Goes up when the same measures give another label."""

WORST, BEST = 1.0, 5.0
_RANGE = BEST - WORST

SHARPNESS = 4.0
"""Exponent in which the impairments of a frame add up: the worst one rules, others still count.

On real opinions of compressed video 2 to 8 are as good as VMAF alone, and 1 is worse.
"""
POOLING = 2.0
"""Exponent in which frames add up to a clip: bad moments count more than good ones make good."""

PSNR_CURVE = (
    (12.0, 4.0),
    (18.0, 3.1),
    (21.0, 2.7),
    (24.0, 2.2),
    (30.0, 1.2),
    (36.0, 0.4),
    (44.0, 0.0),
)
"""(dB, impairment): noise of 36 dB is hardly seen, of 21 dB it is poor."""
SSIM_CURVE = ((0.2, 4.0), (0.5, 3.0), (0.7, 2.2), (0.85, 1.3), (0.95, 0.5), (0.995, 0.0))
"""(SSIM, impairment): as PSNR, but noise in texture counts less than in smooth areas."""
CAMBI_CURVE = ((0.0, 0.0), (1.0, 0.2), (5.0, 1.2), (12.0, 2.3), (24.0, 3.6))
"""(CAMBI above that of the reference, impairment): its authors find that it begins to be slightly
annoying at about 5, and 24 unwatchable."""

HOLD_SECONDS = 0.16
"""How long a picture is held beyond its frame until most of the harm is done.

With `HOLD_WORST` it starts at 25 grades a second; on LIVE-YT-HFR 33 ms cost as much, in proportion,
as 8 ms do: 21 grades a second. Where it bends is ours, no opinions on longer stalls being at hand.
"""
HOLD_WORST = 4.0
"""Impairment of a picture that is held for ever while much moves."""
REPEATED = (0.15, 0.4)
"""Motion of the copy over that of the reference: at most the first is a repeated frame, from the
second on it moves; a blurred copy moves by .8, a noisy one by more than 1."""
RESTS = 0.8
"""What is left of a stall with each frame in which the reference rests as well."""
JUMP = 1.15
"""Motion of the copy over that of the reference with which a stall ends."""
MOTION = 0.5
"""Motion (grey levels of a small picture) at which a stall does half of its harm."""

STOP = 0.55
"""Impairment of the first stop of exposure, as far as the picture's own brightness changes."""
CLIPPED = 3.0
"""Impairment where all contrast is gone: all the same grey, or white."""
COLOUR = 40.0
"""Grey levels of mean chroma that take `COLOUR_WORST` times (1 - 1/e)."""
COLOUR_WORST = 2.5
COLOUR_FREE = 1.5
"""Grey levels of mean chroma that codecs move by themselves."""


@dataclass(frozen=True)
class Label:
    """A synthetic label, and what it is made of."""

    value: float
    """1 to 5, better is higher."""
    impairments: Mapping[str, float]
    """In grades, 0 to 4, by kind: `compression`, `difference`, `banding`, `exposure`, `colour`,
    `stalls`; each what it would cost alone."""


def label(measures: Measures) -> Label:
    """Fuse the measures of a copy into one label.

    Within a frame and over frames impairments add up as vectors of a high norm do; those of the
    whole clip (exposure, colour, stalls) each take their share of what is left:

        1 + 4 (1 - picture/4) (1 - exposure/4) (1 - colour/4) (1 - stalls/4)

    Repeated frames count as stalls, not as damaged pictures: what is shown is whole, but late.
    """
    still = repeats(measures)
    fresh = 1 - 0.98 * still
    frames = {
        "compression": compression(measures),
        "difference": difference(measures),
        "banding": banding(measures),
    }
    picture = _pooled(added(list(frames.values())), fresh)
    whole = {
        "exposure": exposure(measures),
        "colour": colour(measures),
        "stalls": stalls(measures, still),
    }
    left = 1 - picture / _RANGE
    for impairment in whole.values():
        left *= 1 - impairment / _RANGE
    parts = {name: _pooled(series, fresh) for name, series in frames.items()} | whole
    return Label(float(WORST + _RANGE * left), {name: float(v) for name, v in parts.items()})


def compression(measures: Measures) -> Series:
    """What VMAF NEG takes off each frame: straight from 100 (nothing) to 0 (all four grades)."""
    return compression_of(measures.vmaf_neg)


def compression_of(vmaf_neg: Series) -> Series:
    """As `compression`, of the numbers alone."""
    return _RANGE * (1 - np.clip(vmaf_neg, 0, 100) / 100)


def difference(measures: Measures) -> Series:
    """What VMAF is blind to (noise, grain, halos): the mean of what PSNR and SSIM say."""
    return (curve(measures.psnr, PSNR_CURVE) + curve(measures.ssim, SSIM_CURVE)) / 2


def banding(measures: Measures) -> Series:
    """Bands that the reference has not, by CAMBI."""
    return curve(np.maximum(measures.cambi - measures.cambi_reference, 0), CAMBI_CURVE)


def exposure(measures: Measures) -> float:
    """Too dark, too bright, too flat: by the tone curve, on the brightness the reference has."""
    luma = measures.luma
    seen = measures.tone(luma)
    before, after = (float((part - BLACK).mean()) / (WHITE - BLACK) for part in (luma, seen))
    # A camera's gamma lies between light and code: a stop is a factor of 2 ** (1 / 2.2).
    stops = 2.2 * abs(np.log2(max(after, 0.01) / max(before, 0.01)))
    white = (seen >= WHITE - 1) & (luma < WHITE - 6)
    lost = max(1 - measures.tone.contrast(luma), float(white.mean()), 0.0)
    shifted = _RANGE * (1 - np.exp(-STOP * stops / _RANGE))
    return float(added([np.array([shifted]), np.array([CLIPPED * lost])])[0])


def colour(measures: Measures) -> float:
    """Another white: how far mean chroma moved, beyond what exposure does to it."""
    # Less light is less colour, in code values; more light is more, until it clips.
    kept = min(measures.tone.contrast(measures.luma), 1.5)
    moved = (measures.chroma_copy - 128 - kept * (measures.chroma - 128)).mean(axis=0)
    shift = max(float(np.hypot(*moved)) - COLOUR_FREE, 0.0)
    return COLOUR_WORST * (1 - float(np.exp(-shift / COLOUR)))


def repeats(measures: Measures) -> Series:
    """How surely each frame repeats the one before although the reference moves, 0 to 1.

    Where the reference itself stands still for a frame (film in a video of more frames), a stall
    goes on for a while if the copy does as well: r moves, R jumps, - does not move.

        reference  r r r r - r r r r - r
        copy       r r - - - - - R r - r
        repeats    0 0 1 1 1 1 1 0 0 0 0
    """
    low, high = REPEATED
    moved = measures.motion_copy / np.maximum(measures.motion, 1e-6)
    still = np.clip((high - moved) / (high - low), 0, 1)
    # What hardly moves is no stall, and codecs skip it rightly.
    seen = np.clip((measures.motion - 0.25) / 0.4, 0, 1)
    quiet = np.clip((0.4 - measures.motion_copy) / 0.2, 0, 1)
    repeated = np.zeros(len(still))
    for i in range(1, len(still)):
        goes_on = RESTS * quiet[i] * repeated[i - 1]
        repeated[i] = seen[i] * still[i] + (1 - seen[i]) * goes_on
    for start, end in _runs(repeated > 0):
        # Who stalls has to catch up; a codec that leaves small motion out never jumps.
        if end < len(still) and measures.motion_copy[end] < JUMP * measures.motion[end]:
            repeated[start:end] = 0
    return repeated


def stalls(measures: Measures, still: Series) -> float:
    """Repeated frames: the longer a picture is held, and the more should move, the worse.

    For each moment the time that its picture is on display beyond one frame, saturating, pooled
    over the clip as frames are: Borer's jerkiness (QoMEX 2010) in its simplest form. It takes
    drops, freezes and low rates for the same thing; a second of a stall in ten costs about a grade.
    """
    held = np.zeros(len(still))
    for start, end in _runs(still > 0.5):
        # The picture before the run is the one on display, so the time counts for it as well.
        held[start - 1 : end] = (end - start) / measures.fps
    share = 1 - np.exp(-held / HOLD_SECONDS)
    motion = measures.motion[1:].mean() if len(still) > 1 else 0.0
    seen = motion / (motion + MOTION)
    return float(HOLD_WORST * seen * _pooled(share, np.ones(len(share))))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Where runs of true start and end; the end is outside."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def curve(values: Series, points: tuple[tuple[float, float], ...]) -> Series:
    """Straight between points, flat beyond their ends."""
    knots, impairments = zip(*points, strict=True)
    return np.interp(values, knots, impairments)


def added(parts: list[Series], exponent: float = SHARPNESS) -> Series:
    """Impairments of the same moments as one, at most 4: a sum in a power, as of a vector norm."""
    return np.minimum(np.sum(np.power(parts, exponent), axis=0) ** (1 / exponent), _RANGE)


def _pooled(frames: Series, weights: Series) -> float:
    return float((weights @ frames**POOLING / weights.sum()) ** (1 / POOLING))
