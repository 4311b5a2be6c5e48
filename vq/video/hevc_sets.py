"""The parameter sets of HEVC (ITU-T H.265, 7.3.2), as far as the headers of slices need them."""

from typing import NamedTuple

from vq.video.bits import HEAD, Bits

MOST_SETS, MOST_PICTURES = 64, 16
"""Reference picture sets of a sequence, and pictures on a side of one (7.4.3.2, 7.4.8)."""

ReferenceSet = dict[int, bool]
"""By how much the order count of each picture that is kept differs from that of the current one,
and whether the current one is predicted from it."""


class SequenceSet(NamedTuple):
    """What holds for a coded video sequence."""

    planes: bool
    """Each colour is a picture of its own."""
    order_bits: int
    """Of the low bits of the order count."""
    references: tuple[ReferenceSet, ...]
    """Sets that slices may name by their number."""
    has_long_term: bool
    """Slices may refer to pictures by other means than such a set."""
    listed_long_term: bool
    """Some of those are listed for the sequence."""


class PictureSet(NamedTuple):
    """What holds for a picture."""

    sequence: int
    has_output_flag: bool
    extra_bits: int
    """Of the header of a slice, reserved."""


def picture_set(unit: bytes) -> tuple[int, PictureSet]:
    """Read the parameters of pictures (7.3.2.3): their number, and what they say."""
    bits = Bits(unit[2:HEAD])
    number, sequence = bits.golomb(), bits.golomb()
    bits.take(1)
    return number, PictureSet(sequence, bool(bits.take(1)), bits.take(3))


def sequence_set(unit: bytes) -> tuple[int, SequenceSet] | None:
    """Read the parameters of a sequence (7.3.2.2): their number, and what they say."""
    bits = Bits(unit[2:])
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    _skip_profile(bits, layers)
    number = bits.golomb()
    planes = bits.golomb() == 3 and bool(bits.take(1))
    bits.skip_golomb(2)  # width and height
    if bits.take(1):  # what of them is displayed
        bits.skip_golomb(4)
    bits.skip_golomb(2)  # bit depths
    order_bits = bits.golomb() + 4
    bits.skip_golomb(3 * (layers + 1 if bits.take(1) else 1))  # sizes of the buffer
    bits.skip_golomb(6)  # sizes of blocks
    if bits.take(1) and bits.take(1):
        _skip_scaling_lists(bits)
    bits.take(2)
    if bits.take(1):  # blocks of plain samples
        bits.take(8)
        bits.skip_golomb(2)
        bits.take(1)
    references: list[ReferenceSet] = []
    count = bits.golomb()
    for _ in range(min(count, MOST_SETS)):
        one = reference_set(bits, references, count)
        if one is None:
            return None
        references.append(one)
    has_long_term = bool(bits.take(1))
    listed = has_long_term and bits.golomb() > 0
    if bits.over or order_bits > 16 or count > MOST_SETS:
        return None
    return number, SequenceSet(planes, order_bits, tuple(references), has_long_term, listed)


def reference_set(
    bits: Bits, before: list[ReferenceSet] | tuple[ReferenceSet, ...], count: int
) -> ReferenceSet | None:
    """Read a short-term reference picture set (7.3.7, 7.4.8).

    `before` are the sets of the sequence with lower numbers, or all `count` of them for a slice's
    own.

    Returns:
        None for one that cannot be.
    """
    if before and bits.take(1):
        back = bits.golomb() + 1 if len(before) == count else 1
        if back > len(before):
            return None
        return _predicted(bits, before[-back])
    sides = bits.golomb(), bits.golomb()
    if max(sides) > MOST_PICTURES:
        return None
    kept: ReferenceSet = {}
    for sign, number in zip((-1, 1), sides, strict=True):
        delta = 0
        for _ in range(number):
            delta += sign * (bits.golomb() + 1)
            kept[delta] = bool(bits.take(1))
    return kept


def _predicted(bits: Bits, other: ReferenceSet) -> ReferenceSet:
    """A set that says how it differs from another one."""
    sign = bits.take(1)
    shift = (bits.golomb() + 1) * (-1 if sign else 1)
    # Those before the current picture come first, each side from near to far; then itself.
    order = sorted(other, key=lambda delta: (delta > 0, abs(delta)))
    kept: ReferenceSet = {}
    for delta in [*order, 0]:
        used = bool(bits.take(1))
        stays = used or bool(bits.take(1))
        if stays and delta + shift:
            kept[delta + shift] = used
    return kept


def _skip_profile(bits: Bits, layers: int) -> None:
    """Read over profile, tier and level (7.3.3)."""
    bits.take(88)
    bits.take(8)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)


def _skip_scaling_lists(bits: Bits) -> None:
    """Read over matrices of quantisation (7.3.4)."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.take(1):
                bits.golomb()
                continue
            bits.skip_golomb(size > 1)
            bits.skip_golomb(min(64, 1 << 4 + 2 * size))
