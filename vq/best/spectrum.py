"""What the spectrum of pictures says of their real resolution.

A picture that was scaled up has next to nothing above the cut-off of its former size, and its
interpolated pixels are smoother than the others in a regular pattern (Gallagher, CRV 2005; Popescu
and Farid, IEEE TSP 2005), which survives an encode at a good rate.
"""

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

SEGMENT_PX = 128
"""Of a line that is transformed at a time; a line that is shorter is mirrored at its end."""
EDGES = (0.02, 0.06, 0.1, 0.14, 0.18, 0.22, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5)
"""Ends of the bands in cycles a pixel; 0.5 is the finest pattern that pixels can show."""
EDGE_PX = 32
"""Of the pieces of lines that are looked at where contrast is strongest."""
STRONGEST = 0.03
"""Share of these pieces: whatever is left of real detail is there, however strong compression."""
LEAST = 0.02
"""Power that is added before a logarithm: that of rounding to whole grey levels."""
GRID_PX = 8
"""Of codecs: their blocks have a period of their own, and its multiples."""

BANDS = len(EDGES) - 1
STRONG = EDGE_PX // 2
NAMES = (
    *(f"across_{number}" for number in range(BANDS)),
    *(f"down_{number}" for number in range(BANDS)),
    *(f"strong_across_{number}" for number in range(STRONG)),
    *(f"strong_down_{number}" for number in range(STRONG)),
    "period_across", "period_down", "even_across", "even_down",
)  # fmt: skip
"""What each number of `describe` is. Log power by band, in both directions; the same where contrast
is strongest, in steps of 1/32 of a cycle; how much the most regular pattern of smoothness stands
out; how much every second pixel is smoother."""


def describe(
    frames: UInt8[np.ndarray, "moments height width"],
) -> Float32[np.ndarray, " numbers"]:
    """The numbers of `NAMES` for the brightness of some frames of a video, at its own size."""
    lines = frames.reshape(-1, frames.shape[2])
    columns = frames.transpose(0, 2, 1).reshape(-1, frames.shape[1])
    traces = [_trace(one) for one in (lines, columns)]
    numbers = np.concatenate(
        [_powers(lines), _powers(columns), _strongest(lines), _strongest(columns)]
    )
    periods, evens = zip(*traces, strict=True)
    return np.concatenate([numbers, periods, evens]).astype(np.float32)


def beside_best(
    spectra: Float64[np.ndarray, "copies numbers"], full: Bool[np.ndarray, " copies"]
) -> Float64[np.ndarray, "copies bands"]:
    """Log power of each copy by band, beside the most that one of the `full` size has."""
    both = (spectra[:, :BANDS] + spectra[:, BANDS : 2 * BANDS]) / 2
    return both - both[full].max(0)


def _powers(lines: UInt8[np.ndarray, "lines length"]) -> Float64[np.ndarray, " bands"]:
    """Logarithm of the mean power in each band, along lines."""
    lines = lines[::4]  # neighbours say nearly the same
    if lines.shape[1] < SEGMENT_PX:
        lines = np.pad(lines, ((0, 0), (0, SEGMENT_PX - lines.shape[1])), mode="symmetric")
    count = lines.shape[1] // SEGMENT_PX
    start = (lines.shape[1] - count * SEGMENT_PX) // 2
    parts = lines[:, start : start + count * SEGMENT_PX].reshape(-1, SEGMENT_PX)
    power = np.zeros(SEGMENT_PX // 2 + 1)
    for begin in range(0, len(parts), 4096):
        part = parts[begin : begin + 4096].astype(np.float32)
        part -= part.mean(1, keepdims=True)
        spectrum = np.fft.rfft(part * np.hanning(SEGMENT_PX).astype(np.float32), axis=1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(0, dtype=np.float64)
    power /= len(parts) * SEGMENT_PX
    frequency = np.arange(len(power)) / SEGMENT_PX
    band = np.digitize(frequency, EDGES, right=True) - 1
    return np.array([np.log(power[band == one].mean() + LEAST) for one in range(BANDS)])


def _strongest(lines: UInt8[np.ndarray, "lines length"]) -> Float64[np.ndarray, " frequencies"]:
    """Logarithm of the mean power where contrast is strongest, along lines."""
    lines = lines[::2]
    count = max(lines.shape[1] // EDGE_PX, 1)
    if lines.shape[1] < EDGE_PX:
        lines = np.pad(lines, ((0, 0), (0, EDGE_PX - lines.shape[1])), mode="symmetric")
    start = (lines.shape[1] - count * EDGE_PX) // 2
    parts = lines[:, start : start + count * EDGE_PX].reshape(-1, EDGE_PX)
    step = np.abs(np.diff(parts[:, 4:-4].astype(np.int16), axis=1)).max(1)
    most = max(round(STRONGEST * len(parts)), 1)
    part = parts[np.argsort(-step, kind="stable")[:most]].astype(np.float32)
    part -= part.mean(1, keepdims=True)
    spectrum = np.fft.rfft(part * np.hanning(EDGE_PX).astype(np.float32), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).mean(0, dtype=np.float64) / EDGE_PX
    return np.log(power[1:] + LEAST)


def _trace(lines: UInt8[np.ndarray, "lines length"]) -> tuple[float, float]:
    """How regular the smoothness along lines is: the strongest period, and that of two pixels."""
    length = lines.shape[1]
    total = np.zeros(length - 2)
    for begin in range(0, len(lines), 1024):
        part = lines[begin : begin + 1024].astype(np.int16)
        second = np.abs(2 * part[:, 1:-1] - part[:, :-2] - part[:, 2:])
        total += second.sum(0, dtype=np.int64)
    mean = np.log(total / len(lines) + 0.05)
    # What varies slowly is the scene.
    kernel = np.ones(9) / 9
    mean = mean - np.convolve(np.pad(mean, 4, mode="edge"), kernel, "valid")
    size = np.abs(np.fft.rfft(mean * np.hanning(len(mean)))) * 2 / len(mean)
    frequency = np.arange(len(size)) / len(mean)
    off_grid = np.abs(frequency * GRID_PX - np.rint(frequency * GRID_PX)) > 0.12
    usual = float(np.median(size[(frequency > 0.15) & off_grid])) + 1e-4
    period = float(size[(frequency > 0.2) & off_grid].max(initial=0.0))

    def at(share: float) -> float:
        return float(size[np.abs(frequency - share) < 2.5 / len(mean)].max(initial=0.0))

    even = at(0.5) / (usual + max(at(0.25), at(0.125), at(0.375)))
    return float(np.log1p(period / usual)), float(np.log1p(even))
