"""What the packets of an MPEG-1 or MPEG-2 stream say about its pictures (ISO/IEC 13818-2, 6.2)."""

import re

from vq.video.nal import UNSOUND, UnitFacts
from vq.video.order import PictureOrder

MATRICES = re.compile(rb"\x00\x00\x01\xb5[\x30-\x3f]")
"""The extension of a picture that brings quantiser matrices."""
PICTURE, SEQUENCE, GROUP = b"\0\0\1\0", b"\0\0\1\xb3", b"\0\0\1\xb8"
ORDER_BITS = 10


class Reader:
    """Reads the packets of a stream one after the other, by their start codes."""

    def __init__(self) -> None:
        self._order = PictureOrder()

    def __call__(self, packet: bytes) -> UnitFacts:
        """Read the next packet."""
        place = packet.find(PICTURE)
        if not packet.startswith(b"\0\0\1") or not 0 <= place < len(packet) - 5:
            return UNSOUND
        headers = [int.from_bytes(part[:2], "big") for part in packet.split(PICTURE)[1:]]
        kinds = {header >> 3 & 7 for header in headers}
        # Both fields of a frame have its number.
        numbers = {header >> 6 for header in headers}
        # Matrices that come with a picture are valid for those that follow it: all must be decoded.
        if not kinds <= {1, 2, 3} or len(numbers) > 1 or MATRICES.search(packet):
            return UNSOUND
        head = packet[:place]
        if GROUP in head:
            self._order.restart()
        order = self._order.number(numbers.pop(), ORDER_BITS, is_anchor=3 not in kinds)
        begin = head.find(SEQUENCE)
        if begin < 0:
            return UnitFacts(spare=kinds == {3}, order=order)
        sets = frozenset({head[begin:].split(GROUP)[0]})
        return UnitFacts(start=headers[0] >> 3 & 7 == 1, sets=sets, order=order)
