"""In which order the pictures of H.264 and HEVC are displayed, by what they say themselves."""

EPOCH = 1 << 40
"""More than any picture order count within one coded video sequence."""


class PictureOrder:
    """Counts on from the low bits that pictures carry (H.264, 8.2.1.1; H.265, 8.3.1).

    The numbers grow with the time of display over the whole stream: each coded video sequence
    begins above the one before it.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._anchor = 0

    def restart(self) -> None:
        """A new coded video sequence begins, whose first picture is number 0."""
        self._epoch += 1
        self._anchor = 0

    def number(self, low: int, bits: int, *, is_anchor: bool) -> int:
        """Number of a picture.

        `low` are the low bits of its order count, `bits` of them; pictures after an anchor count
        on from it.
        """
        size = 1 << bits
        high = self._anchor - self._anchor % size
        before = self._anchor % size
        if low < before and before - low >= size // 2:
            high += size
        elif low > before and low - before > size // 2:
            high -= size
        if is_anchor:
            self._anchor = high + low
        return self._epoch * EPOCH + high + low
