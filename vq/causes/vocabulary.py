"""The kinds of damage that are told from each other."""

from collections.abc import Mapping
from types import MappingProxyType

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "compression": "blocks, ringing or smeared texture of a codec at too low a rate",
        "blur": "out of focus, shaken, or softened by a filter",
        "noise": "grain of a sensor, or added afterwards",
        "exposure": "too dark, too bright, or washed out",
        "clipping": "bright or dark areas without any detail left",
        "banding": "contours in smooth areas: too few levels of brightness",
        "upscaled": "stored larger than it was once: a smaller rendition, scaled up",
        "stalls": "freezes, dropped frames or judder",
        "flicker": "brightness that jumps from frame to frame",
        "borders": "black or blurred bars around the picture",
        "interlacing": "combs: two fields woven into one frame",
    }
)
"""Each cause, and what people see."""
LIKELY = 0.8
"""Probability from which a cause is named to people: of unseen films without damage, one in eight
has such a cause (EXPERIMENTS.md); at .5 it is two in five."""
