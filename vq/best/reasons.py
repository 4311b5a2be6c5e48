"""Why a copy is worse than the best one, in words."""

import math
from dataclasses import dataclass

from vq.best import comparison
from vq.best.copy import Copy
from vq.best.detail import BANDS, Shared

FEWER = 0.95
"""Of the best one's lines, below which a copy is smaller."""
SOFTER = 1.0
"""By how much less power (natural logarithm) the finest detail of a copy has, for it to be called
softer."""
MORE = 0.15
"""By how much more a share of the time is frozen or black, for that to be a reason."""
FEWER_BITS = 0.8
"""Of the best one's bits, below which a copy is more compressed."""
FINE = slice(BANDS - 3, BANDS)


@dataclass(frozen=True, eq=False)
class Facts:
    """What reasons are taken from."""

    copy: Copy
    upscaled: float | None
    """Probability; None for a copy that is smaller than others."""
    fine: float
    """Logarithm of the power of the finest detail."""
    loading: float
    """Correlation of the fine detail with what all copies share, as Fisher's z."""
    mirrored: bool

    @property
    def is_upscaled(self) -> bool:
        """Sure enough to say so."""
        threshold: float = comparison.load().upscaled["threshold"]
        return self.upscaled is not None and self.upscaled >= threshold


def facts_of(
    copy: Copy, shared: Shared, place: int, *, upscaled: float | None, mirrored: bool
) -> Facts:
    """The facts of a copy at its place among those that were compared."""
    fine = shared.power[place, FINE].mean(), shared.loading[place, FINE].mean()
    return Facts(copy, upscaled, float(fine[0]), float(fine[1]), mirrored)


def reasons_of(one: Facts, best: Facts) -> tuple[str, ...]:
    """What is worse in a copy than in the best one; the weightiest first."""
    reasons = []
    copy, other = one.copy, best.copy
    smaller = copy.probe.height < FEWER * other.probe.height
    if one.is_upscaled and not best.is_upscaled:
        reasons.append(f"scaled up (probability {one.upscaled:.2f})")
    if smaller:
        reasons.append(f"smaller: {_size(copy)}, the best has {_size(other)}")
    bits = _bits(copy) / max(_bits(other), 1e-9)
    if bits < FEWER_BITS:
        reasons.append(f"more compressed: {copy.kbps:.0f} kbit/s, the best has {other.kbps:.0f}")
    if not reasons and best.fine - one.fine > SOFTER:
        reasons.append(f"softer: {_decibels(best.fine - one.fine)} dB less fine detail")
    if not reasons and one.loading < best.loading:
        reasons.append("less of its detail is in the other copies too: encoded again, or edited")
    for name in ("frozen", "black"):
        mine, theirs = getattr(copy.probe, name), getattr(other.probe, name)
        if mine - theirs > MORE:
            reasons.append(f"{name} for {mine:.0%} of its frames, the best for {theirs:.0%}")
    if one.mirrored != best.mirrored:
        reasons.append("left and right are exchanged")
    if copy.row.warning and not other.row.warning:
        reasons.append(copy.row.warning)
    return tuple(reasons)


def _size(copy: Copy) -> str:
    return f"{copy.probe.width}x{copy.probe.height}"


def _bits(copy: Copy) -> float:
    """For each second, as far as codecs can be compared."""
    weight = comparison.EFFICIENCY.get(copy.probe.codec, 1.0)
    return copy.kbps * weight


def _decibels(power: float) -> int:
    return round(10 * power / math.log(10))
