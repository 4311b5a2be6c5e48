"""Numbers in the headers of H.264 and HEVC, bit by bit."""

HEAD = 48
"""Bytes of a slice that are looked at: its header up to the order of display is far shorter."""


class Bits:
    """Reads the payload of a NAL unit (ITU-T H.264, 7.2 and 9.1; H.265 has the same codes).

    Past the end all bits are zero, and `over` says that it was passed.
    """

    def __init__(self, payload: bytes) -> None:
        raw = payload.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(raw, "big")
        self._left = 8 * len(raw)

    @property
    def over(self) -> bool:
        """More was read than there is."""
        return self._left < 0

    def take(self, count: int) -> int:
        """Read `count` bits as a number."""
        self._left -= count
        value = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return value & ((1 << count) - 1)

    def golomb(self) -> int:
        """Read a number in Exp-Golomb code, at most 2**32 - 2."""
        rest = self._value & ((1 << self._left) - 1) if self._left > 0 else 0
        zeros = self._left - rest.bit_length()
        if not rest or zeros > 32:
            self._left = -1
            return 0
        self._left -= zeros + 1
        return (1 << zeros) - 1 + self.take(zeros)

    def skip_golomb(self, count: int = 1) -> None:
        """Read over numbers in Exp-Golomb code, signed or not."""
        for _ in range(count):
            self.golomb()
