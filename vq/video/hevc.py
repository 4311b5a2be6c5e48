"""What the packets of an HEVC stream say about its pictures (ITU-T H.265, 7.3 and 7.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from vq.video.bits import HEAD, Bits
from vq.video.nal import UNSOUND, Said, Split
from vq.video.order import PictureOrder

RASL = (8, 9)
IDR, BLA = (19, 20), (16, 17, 18)
NON_ANCHOR = frozenset({0, 2, 4, 6, 7, 8, 9, 10, 12, 14})
"""Pictures from which others do not count on: leading ones, and those no other is predicted from."""


class SequenceSet(NamedTuple):
    """What holds for a coded video sequence."""

    planes: bool
    """Each colour is a picture of its own."""
    order_bits: int
    """Of the low bits of the order count."""


class PictureSet(NamedTuple):
    """What holds for a picture."""

    sequence: int
    has_output_flag: bool
    extra_bits: int
    """Of the header of a slice, reserved."""


class Slice(NamedTuple):
    """The begin of the header of a slice."""

    unit_type: int
    layer: int
    is_first: bool
    picture: int
    order_low: int
    """Of a picture's first slice; 0 for others, and for IDR pictures."""
    order_bits: int


class Reader:
    """Reads the packets of a stream one after the other.

    Units of other views or of scalability are not decoded.
    """

    def __init__(self, split: Split, sets: Sequence[bytes]) -> None:
        self._split = split
        self._sequences: dict[int, SequenceSet] = {}
        self._pictures: dict[int, PictureSet] = {}
        self._order = PictureOrder()
        self._learn(sets)

    def __call__(self, packet: bytes) -> Said:
        """Read the next packet."""
        units = self._split(packet)
        if any(len(unit) < 2 or unit[0] & 0x80 for unit in units):
            return UNSOUND
        base = [unit for unit in units if not unit[0] & 1 and not unit[1] >> 3]
        self._learn(base)
        slices = [self._slice(unit) for unit in base if unit[0] >> 1 < 32]
        whole = [one for one in slices if one is not None]
        if not whole or len(whole) < len(slices) or not _is_picture(whole):
            return UNSOUND
        first = whole[0]
        kinds = {unit[0] >> 1 for unit in base}
        if kinds & {36, 37}:  # the sequence ends: what follows is decoded in another way
            return UNSOUND
        sets = frozenset(unit.rstrip(b"\0") for unit in base if unit[0] >> 1 in (32, 33, 34))
        spare = kinds <= {0, 2, 4, 6, 8, 35, 38, 39, 40}
        return Said(
            start=16 <= first.unit_type <= 21,
            spare=spare,
            layer=first.layer,
            sets=sets,
            order=self._number(first),
        )

    def _learn(self, units: Sequence[bytes]) -> None:
        for unit in units:
            if unit[0] >> 1 == 33 and (found := _sequence(unit)):
                self._sequences[found[0]] = found[1]
            elif unit[0] >> 1 == 34:
                bits = Bits(unit[2:HEAD])
                number, sequence = bits.golomb(), bits.golomb()
                bits.take(1)
                self._pictures[number] = PictureSet(sequence, bool(bits.take(1)), bits.take(3))

    def _slice(self, unit: bytes) -> Slice | None:
        kind, layer = unit[0] >> 1, unit[1] & 7
        bits = Bits(unit[2:HEAD])
        is_first = bool(bits.take(1))
        is_random_access = 16 <= kind <= 23
        # An IRAP picture with no_output_of_prior_pics drops pictures that were not displayed yet.
        if is_random_access and bits.take(1):
            return None
        number = bits.golomb()
        picture = self._pictures.get(number)
        sequence = picture and self._sequences.get(picture.sequence)
        if not picture or not sequence or layer == 0 or len(unit) < 5:
            return None
        low = 0
        if is_first:
            bits.take(picture.extra_bits)
            slice_type = bits.golomb()
            if slice_type > 2 or (is_random_access and slice_type != 2):
                return None
            if picture.has_output_flag and not bits.take(1):
                return None
            if sequence.planes:
                bits.take(2)
            if kind not in IDR:
                low = bits.take(sequence.order_bits)
        if bits.over:
            return None
        return Slice(kind, layer, is_first, number, low, sequence.order_bits)

    def _number(self, picture: Slice) -> int:
        """In the order of display."""
        if picture.unit_type in IDR + BLA:
            self._order.restart()
        anchor = picture.layer == 1 and picture.unit_type not in NON_ANCHOR
        return self._order.number(picture.order_low, picture.order_bits, is_anchor=anchor)


def _is_picture(slices: Sequence[Slice]) -> bool:
    """Are these the slices of one picture, the first of them first?"""
    first = slices[0]
    return (
        first.is_first
        and not any(one.is_first for one in slices[1:])
        and len({(one.unit_type, one.layer, one.picture) for one in slices}) == 1
    )


def _sequence(unit: bytes) -> tuple[int, SequenceSet] | None:
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
    if bits.over or order_bits > 16:
        return None
    return number, SequenceSet(planes, order_bits)


def _skip_profile(bits: Bits, layers: int) -> None:
    """Read over profile, tier and level (7.3.3)."""
    bits.take(88)
    bits.take(8)
    there = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in there:
        bits.take(88 * profile + 8 * level)
