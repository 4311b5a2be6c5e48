"""What a viewer sees of a file that models do not: it is scored, and the row says so."""

from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from vq.video import main_stream

HDR = {16: "PQ", 18: "HLG"}
"""Transfer functions of high dynamic range, by their numbers in ITU-T H.273."""
DOLBY_VISION = frozenset({"dav1", "dva1", "dvav", "dvh1", "dvhe"})
"""Sample entries of Dolby Vision that only its own decoders show as it is meant, as profile 5."""


@dataclass(frozen=True)
class Warnings:
    """What is known of a stream before a frame of it is decoded."""

    choice: str
    """Which of several streams it is; empty if it is the only one."""
    is_dolby_vision: bool

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream) -> "Warnings":
        """Ask an open file."""
        tag = stream.codec_context.codec_tag
        return cls(main_stream.warning(container, stream), tag in DOLBY_VISION)

    def text(self, frame: av.VideoFrame) -> str:
        """All there is to say, joined by semicolons; empty for nearly every file.

        `frame` is the first one that was decoded.
        """
        kind = HDR.get(int(frame.color_trc)) or ("Dolby Vision" if self.is_dolby_vision else "")
        light = f"HDR ({kind}) is scored as if it were SDR: tone-map it first" if kind else ""
        return "; ".join(filter(None, (self.choice, light)))
