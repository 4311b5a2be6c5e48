"""What one frame shows of damage: some classic numbers of its luma at native resolution.

All of them are taken from blocks of 64 by 64 pixels that lie on the grid of codecs, so that a large
frame costs no more than a small one.
"""

import numpy as np

from vq.causes.bars import Bars
from vq.causes.counting import percentile
from vq.video.shapes import Float32, UInt8

SIDE, MOST = 64, 24
"""Of a block, in pixels; and blocks of a frame."""
BANDS = (
    (2, 4), (4, 6), (6, 9), (9, 12), (12, 15), (15, 18), (18, 21), (21, 24), (24, 27), (27, 30),
    (30, 33),
)  # fmt: skip
"""Frequencies that are taken together, in cycles in 64 pixels; 32 is the highest there is."""
SECTORS = 8
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)

_WINDOW = np.outer(np.hanning(SIDE), np.hanning(SIDE)).astype(np.float32)
_FY = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))[:, None] + np.zeros((1, SIDE // 2 + 1))
_FX = np.zeros((SIDE, 1)) + np.arange(SIDE // 2 + 1)[None]
_SIGNED = np.where(np.arange(SIDE) < SIDE // 2, np.arange(SIDE), np.arange(SIDE) - SIDE)[:, None]
_RADIUS = np.hypot(_FX, _FY)
_ANGLE = np.arctan2(_SIGNED + np.zeros_like(_FX), _FX) / np.pi + 0.5
_SECTOR = np.minimum((_ANGLE * SECTORS).astype(int) % SECTORS, SECTORS - 1)
_TINY = 1e-3


def _masks() -> list[np.ndarray]:
    rows = [(low <= _FX) & (high > _FX) & (_FY <= 8) for low, high in BANDS]
    columns = [(low <= _FY) & (high > _FY) & (_FX <= 8) for low, high in BANDS]
    corners = [(low <= _FX) & (high > _FX) & (low <= _FY) & (high > _FY) for low, high in BANDS]
    rings = [
        (sector == _SECTOR) & (low <= _RADIUS) & (high > _RADIUS)
        for low, high in ((4, 10), (10, 22))
        for sector in range(SECTORS)
    ]
    return [*rows, *columns, *corners, *rings]


_MASKS = np.stack([mask.ravel() / max(mask.sum(), 1) for mask in _masks()]).astype(np.float32)


def measure(
    luma: UInt8[np.ndarray, "height width"], bars: Bars, *, black: int, white: int
) -> dict[str, float]:
    """The numbers of a frame by name; `black` and `white` are the ends of its range."""
    inside = bars.cut(luma)
    blocks = blocks_of(inside, bars)
    levels = np.bincount(inside[::2, ::2].ravel(), minlength=256)
    scale = np.float32(255 / (white - black))
    light = (blocks.astype(np.float32) - black) * scale
    return {
        **_spectrum(light),
        **_gradients(blocks),
        **_grid(light),
        **_flat_areas(light),
        **_combs(light),
        **_contours(blocks),
        **_histogram(levels, black, white),
        **_clipped(blocks, black, white),
        **_interpolation(inside),
    }


def blocks_of(
    inside: UInt8[np.ndarray, "height width"], bars: Bars
) -> UInt8[np.ndarray, "blocks side side"]:
    """Blocks spread over the picture, on multiples of 16 pixels of the frame."""
    short = [max(SIDE - length, 0) for length in inside.shape]
    if any(short):
        inside = np.pad(inside, ((0, short[0]), (0, short[1])), mode="symmetric")
    height, width = inside.shape
    first = [-bars.top % 16, -bars.left % 16]
    first = [
        0 if start + SIDE > n else start for start, n in zip(first, (height, width), strict=True)
    ]
    rows = (height - first[0]) // SIDE
    columns = (width - first[1]) // SIDE
    if rows * columns > MOST:
        share = (MOST / (rows * columns)) ** 0.5
        kept = max(round(rows * share), 1), max(round(columns * share), 1)
    else:
        kept = rows, columns
    starts = []
    for count, length, start in zip(kept, (height, width), first, strict=True):
        room = (length - start - SIDE) // 16
        starts.append(
            [
                start + 16 * round(room * (n + 0.5) / count - 0.0001)
                if count > 1
                else start + 16 * (room // 2)
                for n in range(count)
            ]
        )
    starts = [
        [min(s, n - SIDE) for s in each] for each, n in zip(starts, (height, width), strict=True)
    ]
    return np.stack([inside[y : y + SIDE, x : x + SIDE] for y in starts[0] for x in starts[1]])


def _spectrum(light: Float32[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """Power in bands along rows, columns and diagonals, relative to low frequencies."""
    mean = light.mean((1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2((light - mean) * _WINDOW)).astype(np.float32) ** 2
    flat = power.reshape(len(light), -1)
    each = flat @ _MASKS.T
    bands = np.log10(each.mean(0) + _TINY)
    count = len(BANDS)
    along = bands[: 3 * count].reshape(3, count)
    numbers = {"power": float(along[:2, 1].mean())}
    for name, values in zip(("row", "column", "corner"), along, strict=True):
        relative = values - along[:2, 1].mean()
        numbers |= {f"{name}_{low}": float(v) for (low, _), v in zip(BANDS, relative, strict=True)}
        numbers[f"{name}_drop"] = float(np.max(relative[2:-1] - relative[3:]))
        numbers[f"{name}_drop_at"] = float(np.argmax(relative[2:-1] - relative[3:]))
    for ring in range(2):
        sectors = bands[3 * count + ring * SECTORS :][:SECTORS]
        # Nature has more power along rows and columns, in both alike.
        numbers[f"anisotropy_{ring}"] = float(sectors.max() - sectors.min())
        numbers[f"least_sector_{ring}"] = float(sectors.mean() - sectors.min())
        across = np.abs(sectors - np.roll(sectors, SECTORS // 2))
        numbers[f"direction_{ring}"] = float(across.max())
    # The sharpest part of the picture: what is out of focus has none.
    low, middle, high = (
        (each[:, first:last] + each[:, count + first : count + last]).sum(1)
        for first, last in ((0, 2), (3, 6), (7, 11))
    )
    detail = np.log10(middle + _TINY) - np.log10(low + _TINY)
    finest = np.log10(high + _TINY) - np.log10(middle + _TINY)
    for name, values in (("detail", detail), ("finest", finest)):
        for percent in (10, 50, 90):
            numbers[f"{name}_{percent}"] = float(np.percentile(values, percent))
    quiet = np.argsort(low)[: max(len(low) // 4, 1)]
    numbers["quiet_middle"] = float(np.log10(middle[quiet].mean() + _TINY))
    numbers["quiet_high"] = float(np.log10(high[quiet].mean() + _TINY))
    return numbers


def _gradients(blocks: UInt8[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """How steep edges are, and how much of the picture is quite flat."""
    whole = blocks.astype(np.int16)
    numbers: dict[str, float] = {}
    for name, axis in (("row", 2), ("column", 1)):
        near = np.abs(np.diff(whole, axis=axis))
        far = np.abs(whole.take(range(4, SIDE), axis) - whole.take(range(SIDE - 4), axis))
        steep = percentile(near, 99), percentile(far, 99)
        numbers[f"steep_{name}"] = float(np.log2((steep[0] + 1) / (steep[1] + 1)))
        mean = near.mean(), far.mean()
        numbers[f"gradient_{name}"] = float(np.log2(mean[0] + 0.1))
        numbers[f"rise_{name}"] = float(np.log2((mean[0] + 0.1) / (mean[1] + 0.1)))
        numbers[f"same_{name}"] = float((near == 0).mean())
        numbers[f"near_{name}"] = float((near <= 1).mean())
        second = np.abs(np.diff(whole, 2, axis=axis))
        numbers[f"straight_{name}"] = float((second == 0).mean())
        numbers[f"bend_{name}"] = float(np.log2((second.mean() + 0.1) / (mean[0] + 0.1)))
    contrast = whole.std((1, 2))
    numbers["contrast_10"], numbers["contrast_50"] = (
        float(np.log2(np.percentile(contrast, percent) + 0.5)) for percent in (10, 50)
    )
    return numbers


def _grid(light: Float32[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """Steps on the grid of codecs (Wang et al., ICIP 2000), and the grid's best other phase."""
    numbers: dict[str, float] = {}
    steps = []
    for axis in (1, 2):
        near = np.abs(np.diff(light, axis=axis))
        near = np.minimum(near, 12.0)  # edges of objects are no blocks
        profile = near.mean((0, 3 - axis))
        steps.append(profile)
    profile = (steps[0] + steps[1]) / 2
    usual = np.median(profile) + 0.05
    for period in (4, 8, 16):
        on = np.arange(SIDE - 1) % period
        means = np.array([profile[on == phase].mean() for phase in range(period)])
        others = np.delete(means, period - 1).mean()
        numbers[f"grid_{period}"] = float(np.log2((means[-1] + 0.05) / (others + 0.05)))
        numbers[f"any_grid_{period}"] = float(np.log2((means.max() + 0.05) / usual))
    return numbers


def _flat_areas(light: Float32[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """Noise where nothing is seen: the residual of a Laplacian (Immerkaer, CVIU 1996)."""
    cells = light.reshape(len(light), 8, 8, 8, 8).swapaxes(2, 3)
    spread = cells.std((3, 4)).ravel()
    middle = light[:, 1:-1, 1:-1]
    cross = light[:, :-2, 1:-1] + light[:, 2:, 1:-1] + light[:, 1:-1, :-2] + light[:, 1:-1, 2:]
    corners = light[:, :-2, :-2] + light[:, 2:, 2:] + light[:, :-2, 2:] + light[:, 2:, :-2]
    residual = np.zeros_like(light)
    residual[:, 1:-1, 1:-1] = (4 * middle - 2 * cross + corners) / 6
    rough = np.abs(residual).reshape(len(light), 8, 8, 8, 8).swapaxes(2, 3)
    levels = rough.mean((3, 4)).ravel()
    value = cells.mean((3, 4)).ravel()
    usable = (value > 12) & (value < 243)
    if usable.sum() < 8:
        usable = np.ones_like(usable)
    levels, spread = levels[usable], spread[usable]
    flattest = np.argsort(spread, kind="stable")[: max(len(spread) // 8, 1)]
    return {
        "noise": float(np.log2(levels[flattest].mean() + 0.05)),
        "noise_10": float(np.log2(np.percentile(levels, 10) + 0.05)),
        "noise_50": float(np.log2(np.percentile(levels, 50) + 0.05)),
        "noise_90": float(np.log2(np.percentile(levels, 90) + 0.05)),
        "spread_10": float(np.log2(np.percentile(spread, 10) + 0.05)),
        "spread_50": float(np.log2(np.percentile(spread, 50) + 0.05)),
        "grainy": float(
            np.log2((levels[flattest].mean() + 0.05) / (spread[flattest].mean() + 0.05))
        ),
        "dead_cells": float((spread < 0.3).mean()),
        "quiet_cells": float((spread < 1.2).mean()),
    }


def _combs(light: Float32[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """Lines that both neighbours differ from in the same direction: woven fields; rows beside."""
    numbers: dict[str, float] = {}
    for name, axis in (("column", 1), ("row", 2)):
        step = np.diff(light, axis=axis)
        first, second = step.take(range(SIDE - 2), axis), step.take(range(1, SIDE - 1), axis)
        teeth = -first * second
        numbers[f"comb_{name}"] = float(np.log10((teeth > 100).mean() + 1e-4))
        numbers[f"teeth_{name}"] = float(np.log10((teeth > 900).mean() + 1e-4))
        over = np.abs(light.take(range(2, SIDE), axis) - light.take(range(SIDE - 2), axis))
        # Of the block that combs most: things move in a part of the picture.
        each = np.abs(first).mean((1, 2)) / (over.mean((1, 2)) + 0.5)
        numbers[f"weave_{name}"] = float(np.log2(np.percentile(each, 95) + 0.01))
        numbers[f"weave_mean_{name}"] = float(
            np.log2(np.abs(first).mean() / (over.mean() + 0.5) + 0.01)
        )
        worst = (teeth > 100).mean((1, 2))
        numbers[f"worst_comb_{name}"] = float(np.log10(np.percentile(worst, 95) + 1e-4))
    for kind in ("comb", "teeth", "weave", "weave_mean", "worst_comb"):
        numbers[f"{kind}_excess"] = numbers[f"{kind}_column"] - numbers[f"{kind}_row"]
    return numbers


def _contours(blocks: UInt8[np.ndarray, "blocks side side"]) -> dict[str, float]:
    """Steps with nothing on both sides, as in CAMBI (Tandon et al., PCS 2021)."""
    whole = blocks.astype(np.int16)
    numbers: dict[str, float] = {}
    steps, flats = [], []
    for axis in (1, 2):
        step = np.abs(np.diff(whole, axis=axis))
        flat = step <= 1
        reach = 4
        count = SIDE - 1 - 2 * reach
        calm = np.ones_like(step.take(range(count), axis), dtype=bool)
        for far in range(2, reach + 1):
            calm &= flat.take(range(reach - far, reach - far + count), axis)
            calm &= flat.take(range(reach + far, reach + far + count), axis)
        middle = step.take(range(reach, reach + count), axis)
        steps.append(
            [
                (calm & (middle == 2)).mean(),
                (calm & (middle >= 3) & (middle <= 5)).mean(),
                (calm & (middle >= 6) & (middle <= 24)).mean(),
            ]
        )
        flats.append(calm.mean())
    for name, value in zip((2, 3, 6), np.mean(steps, 0), strict=True):
        numbers[f"contour_{name}"] = float(np.log10(value + 1e-5))
        numbers[f"contour_share_{name}"] = float(np.log10((value + 1e-5) / (np.mean(flats) + 1e-3)))
    numbers["calm"] = float(np.mean(flats))
    return numbers


def _histogram(levels: np.ndarray, black: int, white: int) -> dict[str, float]:
    """Where brightness lies, and whether some levels are empty beside full ones."""
    inside = levels[max(black, 0) : white + 1].astype(np.float64)
    total = levels.sum()
    cumulated = np.cumsum(levels) / total
    numbers: dict[str, float] = {}
    for percent in PERCENTILES:
        level = float(np.searchsorted(cumulated, percent / 100))
        numbers[f"level_{percent}"] = (level - black) / (white - black)
    share = levels / total
    values = (np.arange(256) - black) / (white - black)
    mean = float((share * values).sum())
    numbers["brightness"] = mean
    numbers["spread"] = float(np.sqrt((share * (values - mean) ** 2).sum()))
    numbers["range"] = numbers["level_99"] - numbers["level_1"]
    smooth = np.convolve(inside, np.ones(5) / 5, mode="same")
    rough = np.abs(inside - smooth)[3:-3].sum() / (smooth[3:-3].sum() + 1)
    numbers["peaky"] = float(rough)
    wide = np.convolve(inside, np.ones(17) / 17, mode="same")
    numbers["lumpy"] = float(np.abs(smooth - wide)[9:-9].sum() / (wide[9:-9].sum() + 1))
    centred = np.log1p(inside) - np.convolve(np.log1p(inside), np.ones(31) / 31, mode="same")
    spectrum = np.abs(np.fft.rfft(centred * np.hanning(len(centred)))) ** 2
    numbers["levels_period"] = float(
        np.log10(spectrum[8:].max() / (np.median(spectrum[8:]) + 1e-3) + 1e-3)
    )
    numbers["empty_levels"] = float((inside[8:-8] < total * 2e-5).mean())
    present = share[share > 0]
    numbers["entropy"] = float(-(present * np.log2(present)).sum())
    numbers["largest_level"] = float(np.log10(inside[3:-3].max() / total + 1e-4))
    numbers["dark_end"] = float(np.log10(share[: black + 4].sum() + 1e-4))
    numbers["bright_end"] = float(np.log10(share[white - 3 :].sum() + 1e-4))
    # Of what lies in the outer tenth, how much is at the very end.
    dark, bright = share[: black + 22].sum(), share[white - 21 :].sum()
    numbers["dark_pile"] = float(share[: black + 4].sum() / (dark + 0.01))
    numbers["bright_pile"] = float(share[white - 3 :].sum() / (bright + 0.01))
    for name, part in (("dark", inside[:40]), ("bright", inside[:-41:-1])):
        # Detail that was cut off lies in a heap, wherever the last codec put it.
        peak = part[:24].max()
        numbers[f"{name}_heap"] = float(
            np.log10((peak + 1e-4 * total) / (np.median(part) + 1e-4 * total))
        )
    return numbers


def _clipped(
    blocks: UInt8[np.ndarray, "blocks side side"], black: int, white: int
) -> dict[str, float]:
    """Areas without detail at the ends of the range."""
    numbers: dict[str, float] = {}
    cells = (
        blocks.reshape(len(blocks), 8, 8, 8, 8).swapaxes(2, 3).reshape(-1, 64).astype(np.float32)
    )
    mean, spread = cells.mean(1), cells.std(1)
    length = white - black
    for name, there in (
        ("white", mean > white - 0.04 * length),
        ("black", mean < black + 0.04 * length),
    ):
        numbers[f"{name}_cells"] = float(np.log10(there.mean() + 1e-3))
        numbers[f"{name}_blank"] = float(np.log10((there & (spread < 1.0)).mean() + 1e-3))
    return numbers


def _interpolation(inside: UInt8[np.ndarray, "height width"]) -> dict[str, float]:
    """Periods in second derivatives, as resampling leaves them (Gallagher, CRV 2005)."""
    numbers: dict[str, float] = {}
    for name, picture in (("row", inside), ("column", inside.T)):
        lines = picture[:: max(len(picture) // 96, 1)].astype(np.int16)
        second = np.minimum(np.abs(np.diff(lines, 2, axis=1)), 20).astype(np.float64).mean(0)
        if len(second) < 96:
            numbers |= {
                f"period_{name}": 0.0,
                f"half_{name}": 0.0,
                f"third_{name}": 0.0,
                f"period_at_{name}": 0.0,
            }
            continue
        second = second - np.convolve(second, np.ones(9) / 9, mode="same")
        spectrum = np.abs(np.fft.rfft(second * np.hanning(len(second))))
        places = np.arange(len(spectrum)) / len(second)
        usual = np.median(spectrum[places > 0.12]) + 1e-3
        off = np.abs(places * 8 - np.rint(places * 8)) > 0.03
        candidates = np.where(off & (places > 0.12), spectrum, 0)
        numbers[f"period_{name}"] = float(np.log2(candidates.max() / usual + 0.1))
        numbers[f"period_at_{name}"] = float(places[candidates.argmax()])
        half = spectrum[places > 0.49].max()
        third = spectrum[np.abs(places - 1 / 3) < 0.01].max()
        numbers[f"half_{name}"] = float(np.log2(half / usual + 0.1))
        numbers[f"third_{name}"] = float(np.log2(third / usual + 0.1))
    return numbers
