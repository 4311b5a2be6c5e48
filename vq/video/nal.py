"""How packets of H.264 and HEVC are cut into units, and what a packet of any codec says."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class UnitFacts(NamedTuple):
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
    order: int | None = None
    """Grows with the time of display over the whole stream; None where pictures do not say."""


UNSOUND = UnitFacts(sound=False)

Split = Callable[[bytes], Sequence[bytes]]


def splitter(codec: str, extradata: bytes) -> Split:
    """How packets are cut into units: by their lengths (MP4, MKV), or at start codes (TS)."""
    if extradata[:1] != b"\1":
        return _at_start_codes
    place = {"h264": 4, "hevc": 21}[codec]
    width = (extradata[place] & 3) + 1 if len(extradata) > place else 4
    return lambda packet: _by_lengths(packet, width)


def parameter_sets(codec: str, extradata: bytes) -> list[bytes]:
    """Units that the container keeps apart from the packets.

    ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1: lists of units, each after its length of two bytes.
    """
    if extradata[:1] != b"\1":
        return list(_at_start_codes(extradata))
    units: list[bytes] = []
    if codec == "h264":
        place = 5
        for mask in (31, 255):
            count = extradata[place] & mask if place < len(extradata) else 0
            place = _take_units(extradata, place + 1, count, units)
        return units
    place = 23
    for _ in range(extradata[22] if len(extradata) > 22 else 0):
        count = int.from_bytes(extradata[place + 1 : place + 3], "big")
        place = _take_units(extradata, place + 3, count, units)
    return units


def _take_units(extradata: bytes, place: int, count: int, units: list[bytes]) -> int:
    for _ in range(count):
        begin = place + 2
        place = begin + int.from_bytes(extradata[place:begin], "big")
        if not begin < place <= len(extradata):
            break
        units.append(extradata[begin:place])
    return place


def _by_lengths(packet: bytes, width: int) -> list[bytes]:
    units, place = [], 0
    while place < len(packet):
        begin = place + width
        place = begin + int.from_bytes(packet[place:begin], "big")
        # A decoder refuses the whole packet for a unit of no length, and so do we.
        if not begin < place <= len(packet):
            return []
        units.append(packet[begin:place])
    return units


def _at_start_codes(packet: bytes) -> list[bytes]:
    if not packet.startswith((b"\0\0\1", b"\0\0\0\1")):
        return []
    return [unit for unit in packet.split(b"\0\0\1")[1:] if unit]
