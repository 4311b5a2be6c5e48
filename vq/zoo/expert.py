"""What the rest of the code may expect of an expert of the zoo."""

from dataclasses import asdict, dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

Kind = Literal["image", "clip"]
"""An image expert sees each frame by itself, a clip expert a few neighbouring frames at a time."""

CLIP_FRAMES = 4
"""Of a clip, unless params say otherwise."""


@dataclass(frozen=True)
class Tags:
    """In what experts differ (claim 8), in words."""

    family: str
    """Architecture family, such as mobilenetv3; `handcrafted` where nothing is learnt."""
    pretext: str
    """What it was trained to do."""
    data: str
    """What it was trained on."""
    licence: str

    def as_dict(self) -> dict[str, str]:
        """The tags by name, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Input:
    """What an expert makes of pixels before it looks at them."""

    side_px: int | None
    """Of the centre square, once scaled; None: native resolution, by `vq.zoo.frame_window`."""
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    """Of pixels in [0, 1]; None: pixels as they are."""
    frames: int = 1
    """Fewest frames of a clip: a shorter one is slowed down."""


@runtime_checkable
class Expert(Protocol):
    """A frozen model that describes what it sees of a video."""

    @property
    def name(self) -> str:
        """What params.yaml calls it."""

    @property
    def catalog(self) -> str:
        """Catalog entry that it was made from."""

    @property
    def kind(self) -> Kind:
        """Whether it sees frames or clips."""

    @property
    def dim(self) -> int:
        """Numbers in one feature."""

    @property
    def dtype(self) -> Literal["float16", "float32"]:
        """How its features are kept: handcrafted ones overflow in half precision."""

    @property
    def version(self) -> int:
        """Goes up whenever the same pixels give other numbers than before."""

    @property
    def identity(self) -> str:
        """Hash of weights, and preprocessing: what else decides the numbers."""

    @property
    def parameters(self) -> int:
        """Of the network; 0 where nothing is learnt."""

    @property
    def gmacs(self) -> float:
        """Multiply-accumulates of one row, in 1e9: of a frame, or of a clip.

        Where it grows with the frame, of the largest that is seen whole; see `vq.zoo.frame_window`.
        """

    @property
    def tags(self) -> Tags:
        """In what it differs from others."""

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float[np.ndarray, "rows dim"]:
        """Describe frames of one video: RGB, 0 to 255, any size from 2 x 2 on.

        An image expert gives one row for each frame, a clip expert one row for the clip.
        All numbers are finite, and depend on nothing but these pixels.
        """
