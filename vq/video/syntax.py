"""What the first bytes of a packet say about its picture, codec by codec."""

from collections.abc import Callable

from vq.video import h264, hevc, mpeg2, nal
from vq.video.nal import UNSOUND, UnitFacts

Read = Callable[[bytes], UnitFacts]


def reader(codec: str, extradata: bytes | None) -> Read | None:
    """How to read the packets of a stream, in the order of the file; None for an unknown codec.

    `codec` is FFmpeg's name of the format, such as `h264`; `extradata` is what the container says
    about the stream as a whole.
    """
    if codec in MPEG2:
        return mpeg2.Reader()
    if codec in WITH_UNITS:
        split = nal.splitter(codec, extradata or b"")
        return WITH_UNITS[codec](split, nal.parameter_sets(codec, extradata or b""))
    return READERS.get(codec)


def _vp8(packet: bytes) -> UnitFacts:
    """RFC 6386, 9.1: is it shown? Some are only there to be predicted from."""
    return UnitFacts(shown=bool(packet[0] & 0x10))


def _vp9(packet: bytes) -> UnitFacts:
    """Section 6.2 of the bitstream specification, for 4:2:0 (profiles 0 and 2)."""
    if packet[0] >> 6 != 2:
        return UNSOUND
    # The low bit of the profile comes first: 1 and 3 store colour in other ways than 4:2:0.
    if packet[0] & 0b00100000 or packet[0] & 0b1110 != 0b0010:
        return UnitFacts()  # of another profile, an existing frame, not a keyframe, or not shown
    # Of profile 2, a bit says whether ten or twelve bits are stored.
    mask = 0xF8 if packet[0] & 0b00010000 else 0xF0
    size = packet[4:8] + bytes([packet[8] & mask]) if len(packet) > 8 else b""
    sound = packet[1:4] == b"\x49\x83\x42" and bool(size)
    return UnitFacts(sound=sound, start=True, sets=frozenset({size}))


def _av1(packet: bytes) -> UnitFacts:
    """Section 5.3 of the bitstream specification: units (OBU) with a type and a size."""
    sets, frames, place = set(), [], 0
    while place < len(packet):
        header = packet[place]
        kind, extended, sized = header >> 3 & 15, header >> 2 & 1, header >> 1 & 1
        begin = place + 1 + extended
        size, begin = _leb128(packet, begin) if sized else (len(packet) - begin, begin)
        place = begin + size
        if header & 0x80 or place > len(packet):
            return UNSOUND
        if kind == 1:
            sets.add(packet[begin:place])
        if kind in (3, 6) and size > 0:
            frames.append(packet[begin])
    # Shown, and neither one that was decoded before nor one that needs another.
    key = bool(frames) and frames[0] >> 4 == 0b0001
    return UnitFacts(sound=bool(frames), start=key, sets=frozenset(sets))


def _leb128(packet: bytes, begin: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(packet[begin : begin + 8]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, begin + place + 1
    return len(packet), begin


def _prores(packet: bytes) -> UnitFacts:
    """SMPTE RDD 36, 5.1: its size, then a name. Every picture stands for itself."""
    sound = int.from_bytes(packet[:4], "big") == len(packet) and packet[4:8] == b"icpf"
    return UnitFacts(sound=sound, start=True, spare=True)


WITH_UNITS: dict[str, type[h264.Reader] | type[hevc.Reader]] = {
    "h264": h264.Reader,
    "hevc": hevc.Reader,
}
"""Their packets are made of NAL units."""
MPEG2 = frozenset({"mpeg1video", "mpeg2video"})

READERS: dict[str, Read] = {"av1": _av1, "prores": _prores, "vp8": _vp8, "vp9": _vp9}

COUNTED = frozenset({"vp8"})
"""Their packets tell how many frames there are, but decoding is not planned.

What the decoder of VP8 makes of damage depends on all that it saw before, keyframes or not, and it
does not say so. Nor do those of MPEG-4 part 2, which learns the habits of encoders as it goes, and
of MJPEG, which leaves a part as it was in the picture before.
"""
