"""What the packets of an HEVC stream say about its pictures (ITU-T H.265, 7.3 and 7.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from vq.video.bits import HEAD, Bits
from vq.video.hevc_sets import (
    PictureSet,
    ReferenceSet,
    SequenceSet,
    picture_set,
    reference_set,
    sequence_set,
)
from vq.video.nal import UNSOUND, Split, UnitFacts
from vq.video.order import PictureOrder

RASL = (8, 9)
IDR, BLA = (19, 20), (16, 17, 18)
NON_ANCHOR = frozenset({0, 2, 4, 6, 7, 8, 9, 10, 12, 14})
"""Pictures that others do not count on from: leading, or such that none is predicted from them."""


class Slice(NamedTuple):
    """The begin of the header of a slice."""

    unit_type: int
    layer: int
    is_first: bool
    picture: int
    order_bits: int
    order_low: int = 0
    """Of a picture's first slice; 0 for others, and for IDR pictures."""
    references: ReferenceSet = {}  # noqa: RUF012 - never changed
    """Of a picture's first slice; empty for others, and for IDR pictures."""


class Reader:
    """Reads the packets of a stream one after the other, and holds each against those before it.

    A picture that is missing, or says that others are not needed any more, costs those predicted
    from them; and the decoder drops pictures that it cannot predict. Units of other views or of
    scalability are not decoded.
    """

    def __init__(self, split: Split, sets: Sequence[bytes]) -> None:
        self._split = split
        self._sequences: dict[int, SequenceSet] = {}
        self._pictures: dict[int, PictureSet] = {}
        self._order = PictureOrder()
        self._kept: set[int] = set()
        self._is_first, self._drops_leading = True, False
        self._learn(sets)

    def __call__(self, packet: bytes) -> UnitFacts:
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
        if first.unit_type in RASL and self._drops_leading:
            return UnitFacts(shown=False)
        order = self._number(first)
        if not self._has_references(order, first):
            return UNSOUND
        kinds = {unit[0] >> 1 for unit in base}
        if kinds & {36, 37}:  # the sequence ends: what follows is decoded in another way
            return UNSOUND
        sets = frozenset(unit.rstrip(b"\0") for unit in base if unit[0] >> 1 in (32, 33, 34))
        spare = kinds <= {0, 2, 4, 6, 8, 35, 38, 39, 40}
        return UnitFacts(
            start=16 <= first.unit_type <= 21,
            spare=spare,
            layer=first.layer,
            sets=sets,
            order=order,
        )

    def _learn(self, units: Sequence[bytes]) -> None:
        for unit in units:
            if unit[0] >> 1 == 33 and (entry := sequence_set(unit)):
                self._sequences[entry[0]] = entry[1]
            elif unit[0] >> 1 == 34:
                number, picture = picture_set(unit)
                self._pictures[number] = picture

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
        if not picture or not sequence or layer == 0 or len(unit) < 5 or bits.over:
            return None
        header = Slice(kind, layer, is_first, number, sequence.order_bits)
        return self._first(bits, header, picture, sequence) if is_first else header

    def _first(
        self, bits: Bits, header: Slice, picture: PictureSet, sequence: SequenceSet
    ) -> Slice | None:
        """What the first slice of a picture says besides."""
        bits.take(picture.extra_bits)
        slice_type = bits.golomb()
        if slice_type > 2 or (16 <= header.unit_type <= 23 and slice_type != 2):
            return None
        if picture.has_output_flag and not bits.take(1):
            return None
        if sequence.planes:
            bits.take(2)
        if header.unit_type in IDR:
            return None if bits.over else header
        low = bits.take(sequence.order_bits)
        sets = sequence.references
        references: ReferenceSet | None
        if not bits.take(1):
            references = reference_set(bits, sets, len(sets))
        else:
            place = bits.take((len(sets) - 1).bit_length()) if sets else 0
            references = sets[place] if place < len(sets) else None
        if references is None or bits.over:
            return None
        if sequence.has_long_term:
            # By their low bits alone, these cannot be told from pictures that are lost.
            listed = bits.golomb() if sequence.listed_long_term else 0
            if listed or bits.golomb():
                return None
        return header._replace(order_low=low, references=references)

    def _has_references(self, order: int, picture: Slice) -> bool:
        """Is all there that it is predicted from? What it does not name is dropped (8.3.2)."""
        kept = {order + delta for delta in picture.references} & self._kept
        used = {order + delta for delta, is_used in picture.references.items() if is_used}
        self._kept = kept | {order}
        return used <= kept

    def _number(self, picture: Slice) -> int:
        """In the order of display."""
        if 16 <= picture.unit_type <= 23:
            # Their leading pictures refer to what came before, which is not there.
            self._drops_leading = self._is_first or picture.unit_type in BLA
        if self._is_first or picture.unit_type in IDR + BLA:
            self._order.restart()
            self._kept.clear()
        self._is_first = False
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
