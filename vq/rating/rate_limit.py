"""How often somebody may ask: a bucket of tokens for each, which fills up again with time."""

from dataclasses import dataclass, field

MOST_CALLERS = 10_000
"""Buckets that are kept; then full ones, which say nothing, are dropped."""


@dataclass
class RateLimit:
    """Allows a burst of requests, and then so many a second."""

    per_second: float
    burst: int
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Caller -> requests left, and when that was."""

    def allow(self, caller: str, *, now: float) -> bool:
        """Whether this caller may ask at this time, in seconds of a clock that never goes back."""
        if len(self._buckets) >= MOST_CALLERS:
            self._buckets = {
                name: bucket
                for name, bucket in self._buckets.items()
                if self._left(bucket, now) < self.burst
            }
        left = self._left(self._buckets.get(caller, (float(self.burst), now)), now)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        return allowed

    def _left(self, bucket: tuple[float, float], now: float) -> float:
        left, since = bucket
        return min(float(self.burst), left + (now - since) * self.per_second)
