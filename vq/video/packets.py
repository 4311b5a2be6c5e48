"""What the packets of a file say, as a few numbers each; nothing is decoded."""

import logging
from array import array
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from vq.video import stream, syntax
from vq.video.nal import UnitFacts
from vq.video.shapes import Bool, Int64

log = logging.getLogger(__name__)

NO_TIME = int(np.iinfo(np.int64).min)
"""In place of the time of a packet that has none."""


@dataclass(frozen=True, eq=False)
class Packets:
    """The packets of a video stream in the order of the file, which is that of decoding.

    Nineteen bytes a packet, whatever the video weighs.
    """

    pts: Int64[np.ndarray, " packets"]
    """When it is displayed, in units of the stream; `NO_TIME` if it does not say."""
    shown: Bool[np.ndarray, " packets"]
    """It promises a frame. Hidden reference frames do not, nor what an edit list cuts off."""
    start: Bool[np.ndarray, " packets"]
    """Decoding can begin here: frames that are displayed from here on have their usual pixels."""
    spare: Bool[np.ndarray, " packets"]
    """No other frame is predicted from it."""
    order: Int64[np.ndarray, " packets"]
    """Grows with the time of display, as pictures say themselves; `NO_TIME` if they do not."""
    listed: bool
    """The container has a list of its packets: none can be lost without a trace."""
    fault: str
    """Why these numbers cannot be relied upon; empty if they can."""

    @property
    def frame_count(self) -> int:
        """Frames that are promised.

        Headers are not asked: user videos lie about how many frames they have. Packets can still
        promise more than a decoder delivers; whoever decodes has the last word.
        """
        return int(np.count_nonzero(self.shown))

    @property
    def keys(self) -> Int64[np.ndarray, " keys"]:
        """Numbers of the frames where decoding can begin; none where nothing can be relied on."""
        if self.fault:
            return np.zeros(0, np.int64)
        shown = np.sort(self.pts[self.shown])
        return np.searchsorted(shown, np.sort(self.pts[self.start & self.shown]))


def read(path: Path) -> Packets:
    """Read a file without decoding it.

    Raises:
        VideoError: missing, unreadable, or without a video stream.
    """
    with stream.opened(path) as source:
        return take(path, *source)


def take(path: Path, container: InputContainer, opened: VideoStream) -> Packets:
    """Read an open file to its end."""
    notes = _Notes(opened.codec_context)
    try:
        for packet in container.demux(opened):
            if packet.size:
                notes.take(packet)
    except stream.END as error:
        notes.doubt("the file ends early")
        log.warning("%s: ends early (%s)", path, error)
    return notes.packets(listed="mp4" in container.format.name.split(","))


class _Notes:
    """Collects the numbers."""

    def __init__(self, codec: av.VideoCodecContext) -> None:
        name = codec.codec.canonical_name
        self._read = syntax.reader(name, codec.extradata)
        planned = self._read and name not in syntax.COUNTED
        self._fault = "" if planned else f"{name} is not planned"
        self._pts, self._order = array("q"), array("q")
        self._shown, self._start, self._spare = bytearray(), bytearray(), bytearray()
        self._layers = bytearray()
        self._sets: frozenset[bytes] = frozenset()

    def doubt(self, fault: str) -> None:
        """Keep the first fault."""
        if not self._fault:
            self._fault = f"packet {len(self._pts)}: {fault}"

    def take(self, packet: stream.Packet) -> None:
        """Note the facts of one packet."""
        facts = self._read(bytes(packet)) if self._read else UnitFacts()
        if not facts.sound:
            self.doubt("damaged, or of an unusual make")
        if packet.is_corrupt:
            self.doubt("the container calls it damaged")
        if packet.has_sidedata("new_extradata") or packet.has_sidedata("param_change"):
            self.doubt("parameters change")
        if not self._pts:
            self._sets = facts.sets
        elif not facts.sets <= self._sets:
            self.doubt("parameters change")
        self._pts.append(NO_TIME if packet.pts is None else packet.pts)
        # Discarded packets lie outside the edit list of a cut video: decoded, never shown.
        self._shown.append(facts.shown and not packet.is_discard)
        self._start.append(packet.is_keyframe and facts.start and facts.sets == self._sets)
        self._spare.append(facts.spare)
        self._layers.append(facts.layer)
        self._order.append(NO_TIME if facts.order is None else facts.order)

    def packets(self, *, listed: bool) -> Packets:
        """All packets taken."""
        layers = np.frombuffer(self._layers, np.uint8)
        top = layers == layers.max(initial=0)
        return Packets(
            np.frombuffer(self._pts, np.int64),
            np.frombuffer(self._shown, np.bool_),
            np.frombuffer(self._start, np.bool_),
            np.frombuffer(self._spare, np.bool_) & top,
            np.frombuffer(self._order, np.int64),
            listed,
            self._fault,
        )
