"""What the packets of an H.264 stream say about its pictures (ITU-T H.264, 7.3 and 7.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from vq.video.bits import HEAD, Bits
from vq.video.nal import UNSOUND, Split, UnitFacts
from vq.video.order import PictureOrder

DETAILED = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose parameters say how colour is stored."""


class SequenceSet(NamedTuple):
    """What holds for a coded video sequence."""

    planes: bool
    """Each colour is a picture of its own."""
    number_bits: int
    """Of `frame_num`."""
    order_type: int
    order_bits: int
    """Of the low bits of the order count; 0 where `order_type` is not 0."""
    frames_only: bool
    """No picture is a single field."""


class Slice(NamedTuple):
    """The begin of the header of a slice."""

    unit_type: int
    is_reference: bool
    first: int
    """Its first macroblock."""
    kind: int
    number: int
    """`frame_num`: counts reference pictures."""
    is_field: bool
    order_low: int
    sequence: SequenceSet


class Reader:
    """Reads the packets of a stream one after the other, and holds each against those before it.

    A reference picture that is missing leaves a gap in `frame_num`; what a decoder makes up in its
    place depends on all that it saw before.
    """

    def __init__(self, split: Split, sets: Sequence[bytes]) -> None:
        self._split = split
        self._sequences: dict[int, SequenceSet] = {}
        self._pictures: dict[int, int] = {}
        self._order = PictureOrder()
        self._last_number: int | None = None
        self._decoded = 0
        self._learn(sets)

    def __call__(self, packet: bytes) -> UnitFacts:
        """Read the next packet."""
        units = self._split(packet)
        if any(unit[0] & 0x80 for unit in units):
            return UNSOUND
        self._learn(units)
        slices = [self._slice(unit) for unit in units if unit[0] & 31 in (1, 5)]
        whole = [one for one in slices if one is not None]
        if not whole or len(whole) < len(slices) or not _is_picture(whole):
            return UNSOUND
        first = whole[0]
        if not self._follows(first):
            return UNSOUND
        sets = frozenset(unit.rstrip(b"\0") for unit in units if unit[0] & 31 in (7, 8, 13, 15))
        is_idr = first.unit_type == 5
        intra = is_idr or (first.kind in (2, 7) and any(map(_recovers, units)))
        # Of others than slices, a decoder can do without: SEI, delimiters, filler.
        kinds = {unit[0] & 31 for unit in units}
        spare = kinds <= {1, 6, 9, 12} and not any(one.is_reference for one in whole)
        return UnitFacts(start=intra, spare=spare, sets=sets, order=self._number(first))

    def _learn(self, units: Sequence[bytes]) -> None:
        for unit in units:
            if unit[0] & 31 == 7 and (entry := _sequence(unit)):
                self._sequences[entry[0]] = entry[1]
            elif unit[0] & 31 == 8:
                bits = Bits(unit[1:HEAD])
                picture, sequence = bits.golomb(), bits.golomb()
                self._pictures[picture] = sequence

    def _slice(self, unit: bytes) -> Slice | None:
        bits = Bits(unit[1:HEAD])
        first, kind = bits.golomb(), bits.golomb()
        sequence = self._sequences.get(self._pictures.get(bits.golomb(), -1))
        if sequence is None or kind > 9:
            return None
        if sequence.planes:
            bits.take(2)
        number = bits.take(sequence.number_bits)
        is_field = not sequence.frames_only and bool(bits.take(1))
        if is_field:
            bits.take(1)
        if unit[0] & 31 == 5:
            bits.golomb()
        order_low = bits.take(sequence.order_bits)
        # What is left holds macroblocks: without one, the slice breaks off.
        if bits.over or len(unit) < 5:
            return None
        is_reference = bool(unit[0] & 0x60)
        return Slice(unit[0] & 31, is_reference, first, kind, number, is_field, order_low, sequence)

    def _follows(self, picture: Slice) -> bool:
        """Does it continue the numbers of the reference pictures before it (7.4.3, frame_num)?"""
        if picture.unit_type == 5:
            fits = picture.number == 0 and picture.is_reference
        else:
            size = 1 << picture.sequence.number_bits
            fits = self._last_number is None or picture.number == (self._last_number + 1) % size
        if picture.is_reference:
            self._last_number = picture.number
        return fits and picture.sequence.order_type != 1

    def _number(self, picture: Slice) -> int:
        """In the order of display."""
        if picture.unit_type == 5:
            self._order.restart()
        if picture.sequence.order_type == 2:  # they are displayed as they are decoded
            self._decoded = self._decoded + 1 if picture.unit_type != 5 else 0
            return self._order.number(self._decoded, 32, is_anchor=False)
        bits = picture.sequence.order_bits
        return self._order.number(picture.order_low, bits, is_anchor=picture.is_reference)


def _is_picture(slices: Sequence[Slice]) -> bool:
    """Are these all slices of one frame, or of its two fields, from the first on?"""
    first = slices[0]
    if len(slices) == 1:  # of nearly all pictures
        return first.first == 0 and not first.is_field
    begins = [place for place, one in enumerate(slices) if one.first == 0]
    if not begins or begins[0] or len(begins) != (2 if first.is_field else 1):
        return False
    alike = all(
        (one.number, one.is_field, one.sequence) == (first.number, first.is_field, first.sequence)
        for one in slices
    )
    # The second field of an IDR picture is a predicted one.
    fields = [slices[: begins[-1]], slices[begins[-1] :]] if first.is_field else [slices]
    return alike and all(
        len({(one.unit_type, one.is_reference, one.order_low) for one in field}) == 1
        for field in fields
    )


def _sequence(unit: bytes) -> tuple[int, SequenceSet] | None:
    """Read the parameters of a sequence (7.3.2.1.1): their number, and what they say."""
    bits = Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    number = bits.golomb()
    planes = False
    if profile in DETAILED:
        colours = bits.golomb()
        planes = colours == 3 and bool(bits.take(1))
        bits.skip_golomb(2)
        bits.take(1)
        if bits.take(1):
            for place in range(12 if colours == 3 else 8):
                if bits.take(1):
                    _skip_matrix(bits, 16 if place < 6 else 64)
    number_bits = bits.golomb() + 4
    order_type = bits.golomb()
    order_bits = bits.golomb() + 4 if order_type == 0 else 0
    if order_type == 1:
        bits.take(1)
        bits.skip_golomb(2)
        bits.skip_golomb(min(bits.golomb(), 255))
    bits.skip_golomb()  # how many reference frames
    bits.take(1)
    bits.skip_golomb(2)  # width and height
    frames_only = bool(bits.take(1))
    if bits.over or number_bits > 16 or order_bits > 16 or order_type > 2:
        return None
    return number, SequenceSet(planes, number_bits, order_type, order_bits, frames_only)


def _skip_matrix(bits: Bits, size: int) -> None:
    """Read over a matrix of quantisation (7.3.2.1.1.1)."""
    last = scale = 8
    for _ in range(size):
        if scale:
            code = bits.golomb()
            scale = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = scale or last


def _recovers(unit: bytes) -> bool:
    """Is it a promise that all is exact from this very picture on (D.2.8)?

    Not so where a picture is refreshed bit by bit: recovery then takes a number of frames.
    """
    if unit[0] & 31 != 6:
        return False
    rest = unit[1:].replace(b"\0\0\3", b"\0\0")
    while len(rest) > 2:
        kind, rest = _message_number(rest)
        size, rest = _message_number(rest)
        if kind == 6 and size and rest:
            # Frames until recovery (0: a single 1), exact match, broken link.
            return rest[0] & 0b11100000 == 0b11000000
        rest = rest[size:]
    return False


def _message_number(rest: bytes) -> tuple[int, bytes]:
    """Read the type or size of an SEI message: 255 for each leading byte of that value."""
    full = len(rest) - len(rest.lstrip(b"\xff"))
    last = rest[full] if full < len(rest) else 0
    return 255 * full + last, rest[full + 1 :]
