"""What the NAL units of an H.264 or HEVC packet say about its picture."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Said(NamedTuple):
    """What a packet says about its picture."""

    sound: bool = True
    """Well-formed, as far as the first bytes tell."""
    shown: bool = True
    """False for a picture that is only there to be predicted from."""
    start: bool = False
    """Decoding can begin here; what is displayed from here on has the same pixels as ever."""
    spare: bool = False
    """No other picture is predicted from this one, and the packet holds nothing else."""
    layer: int = 0
    """Temporal layer (HEVC); pictures of a higher one may be predicted from a spare one."""
    sets: frozenset[bytes] = frozenset()
    """Parameters that hold until others come."""


UNSOUND = Said(sound=False)

Split = Callable[[bytes], Sequence[bytes]]


def splitter(codec: str, extradata: bytes) -> Split:
    """How packets are cut into units: by their lengths (MP4, MKV), or at start codes (TS)."""
    if extradata[:1] != b"\1":
        return _at_start_codes
    place = {"h264": 4, "hevc": 21}[codec]
    width = (extradata[place] & 3) + 1 if len(extradata) > place else 4
    return lambda packet: _by_lengths(packet, width)


def _h264(units: Sequence[bytes]) -> Said:
    """ITU-T H.264, 7.3 and 7.4.1."""
    slices = [unit for unit in units if unit[0] & 31 in (1, 5)]
    # The first macroblock of the first slice is number 0: coded as a single 1.
    if not _are_whole(units, slices) or not slices[0][1] & 0x80:
        return UNSOUND
    if (kind := _slice_type(slices[0])) > 9:
        return UNSOUND
    kinds = {unit[0] & 31 for unit in units}
    sets = frozenset(unit.rstrip(b"\0") for unit in units if unit[0] & 31 in (7, 8, 13, 15))
    intra = slices[0][0] & 31 == 5 or (kind in (2, 7) and any(map(_recovers, units)))
    # Of others than slices, a decoder can do without: SEI, delimiters, filler.
    spare = kinds <= {1, 6, 9, 12} and not any(unit[0] & 0x60 for unit in slices)
    return Said(start=intra, spare=spare, sets=sets)


def _hevc(units: Sequence[bytes]) -> Said:
    """ITU-T H.265, 7.3 and 7.4.2. Units of other views or of scalability are not decoded."""
    base = [unit for unit in units if len(unit) > 1 and not unit[0] & 1 and not unit[1] >> 3]
    slices = [unit for unit in base if unit[0] >> 1 < 32]
    # The flag of a picture's first slice.
    if not _are_whole(units, slices) or not slices[0][2] & 0x80:
        return UNSOUND
    kinds = {unit[0] >> 1 for unit in base}
    sets = frozenset(unit.rstrip(b"\0") for unit in base if unit[0] >> 1 in (32, 33, 34))
    random_access = 16 <= slices[0][0] >> 1 <= 21
    if random_access and slices[0][2] & 0x40:
        return UNSOUND  # it drops pictures before it that were not displayed yet
    spare = kinds <= {0, 2, 4, 6, 8, 35, 38, 39, 40}
    return Said(start=random_access, spare=spare, layer=slices[0][1] & 7, sets=sets)


TYPES: dict[str, Callable[[Sequence[bytes]], Said]] = {"h264": _h264, "hevc": _hevc}


def _are_whole(units: Sequence[bytes], slices: Sequence[bytes]) -> bool:
    """Is the bit zero that has to be, and does the first slice have a header?"""
    return bool(slices) and len(slices[0]) > 4 and not any(unit[0] & 0x80 for unit in units)


def _slice_type(unit: bytes) -> int:
    """Read it of a slice that begins with macroblock 0; it is a number in Exp-Golomb code."""
    bits = int.from_bytes(unit[1:3], "big") << 1 & 0xFFFF
    zeros = 16 - bits.bit_length()
    return (bits >> 15 - 2 * zeros) - 1 if zeros < 4 else 10


def _recovers(unit: bytes) -> bool:
    """Is it a promise that all is exact from this very picture on (H.264, D.2.8)?

    Not so where a picture is refreshed bit by bit: recovery then takes a number of frames.
    """
    if unit[0] & 31 != 6:
        return False
    rest = unit[1:].replace(b"\0\0\3", b"\0\0")
    while len(rest) > 2:
        kind, rest = _number(rest)
        size, rest = _number(rest)
        if kind == 6 and size and rest:
            # Frames until recovery (0: a single 1), exact match, broken link.
            return rest[0] & 0b11100000 == 0b11000000
        rest = rest[size:]
    return False


def _number(rest: bytes) -> tuple[int, bytes]:
    """Read the type or size of an SEI message: 255 for each leading byte of that value."""
    full = len(rest) - len(rest.lstrip(b"\xff"))
    last = rest[full] if full < len(rest) else 0
    return 255 * full + last, rest[full + 1 :]


def _by_lengths(packet: bytes, width: int) -> list[bytes]:
    units, place = [], 0
    while place < len(packet):
        begin = place + width
        place = begin + int.from_bytes(packet[place:begin], "big")
        if place > len(packet):
            return []
        if place > begin:
            units.append(packet[begin:place])
    return units


def _at_start_codes(packet: bytes) -> list[bytes]:
    if not packet.startswith((b"\0\0\1", b"\0\0\0\1")):
        return []
    return [unit for unit in packet.split(b"\0\0\1")[1:] if unit]
