"""Views of a video that is given up as soon as it shows that it is too large."""

from dataclasses import asdict, dataclass

import av
import numpy as np

from vq.video.convert import Converter
from vq.video.packets import Packets
from vq.video.shapes import UInt8
from vq.video.views import ViewSpec
from vq.workers.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Bounded(ViewSpec):
    """How views are cut, within limits."""

    limits: Limits

    @classmethod
    def of(cls, spec: ViewSpec, limits: Limits) -> "Bounded":
        """The same views; who asks for too large ones gets a `LimitError`."""
        return cls(**asdict(spec), limits=limits)

    def pairs(self, frame_count: int, promised: Packets | None = None) -> list[tuple[int, int]]:
        """As of any view; asked once the packets are counted, before a frame is decoded."""
        return super().pairs(self.limits.allow_frames(frame_count), promised)

    def see(self, convert: Converter, frame: av.VideoFrame) -> UInt8[np.ndarray, "side side 3"]:
        """As of any view; asked of the first wanted frame: to open a file decodes some anyway."""
        self.limits.allow_picture(*convert.size)
        return super().see(convert, frame)
