"""Numbers of a header, bit by bit."""

import pytest

from vq.video.bits import Bits


def test_numbers_are_read_one_after_the_other() -> None:
    """1 010 011 00100 101: as ITU-T H.264 has them in table 9-2, and a number of three bits."""
    bits = Bits(bytes([0b10100110, 0b01001010]))

    assert [bits.golomb() for _ in range(4)] == [0, 1, 2, 3]
    assert bits.take(3) == 0b101
    assert not bits.over


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"\0\0\0\0\x40", b"\0\0\0\1"],
    ids=["empty", "no-one", "too-long", "cut-off"],
)
def test_what_is_no_number_is_over(payload: bytes) -> None:
    """No bit is set, 33 are not, or there are fewer behind it than before it."""
    bits = Bits(payload)

    bits.golomb()

    assert bits.over
