"""How closely a score looks at a video: `fast`, `exact`, `thorough`."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from vq.errors import ParamsError

if TYPE_CHECKING:  # the supervisor of workers needs names alone
    from vq.video.packets import Packets
    from vq.video.views import ViewSpec

Mode = Literal["fast", "exact", "thorough"]
"""`exact` sees the frames that training saw (`vq.video.frame_sampling`). `fast` sees those that
cost least to decode, fewer of them (`vq.video.cheapest_frames`). `thorough` sees `TIMES` as many
moments, each as it is and mirrored."""
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True)
class ModeRequest:
    """What is asked for: a mode, or a budget that chooses one for each video."""

    mode: Mode = "exact"
    budget_ms: float | None = None
    """About how long a video may take, without start-up."""
    threshold: float | None = None
    """Instead of a score, on which side of this a thorough one would be (`vq.inference.decide`)."""
    error: float = 0.01
    """Probability with which a thorough look may say otherwise."""

    def __post_init__(self) -> None:
        if self.budget_ms is not None and not 0 < self.budget_ms < math.inf:
            raise ParamsError(f"budget_ms should be a number above 0, got {self.budget_ms}")

    def check(self, modes: Collection[str], model: str) -> None:
        """Does a model have what is asked for?

        Raises:
            ParamsError: it does not.
        """
        missing = set(MODES if self.budget_ms is not None else (self.mode,)) - {*modes, "exact"}
        if self.threshold is None and missing:
            raise ParamsError(
                f"{model} has no mode {min(missing)}: it was calibrated for "
                f"{', '.join(modes) or 'exact'} alone; `dvc repro` trains one that has all"
            )


def check_decision(
    threshold: float, error: float, *, model: str, scale: tuple[float, float], calibrated: bool
) -> None:
    """Can a model decide at a threshold?

    Raises:
        ParamsError: it was not calibrated for that, all its scores are on one side, or the error is
            no share.
    """
    if not calibrated:
        raise ParamsError(
            f"{model} was not calibrated to decide at a threshold; `dvc repro` trains one that is"
        )
    if not scale[0] < threshold < scale[1]:
        raise ParamsError(
            f"a threshold of {threshold:g} divides nothing: scores are from {scale[0]:g} to "
            f"{scale[1]:g}"
        )
    if not 0 < error <= 0.5:
        raise ParamsError(f"an error should be above 0 and at most 50%, got {error:.4g}")


EXACT = ModeRequest()

TIMES = 4
"""Moments of a thorough look, for one of an exact one."""
READ_MS, PIXEL_NS, NETWORK_MS = 30.0, 4.0, 9.0
"""What scoring takes on one core of an ordinary server: to read packets, for each pixel decoded,
for each moment that the network sees. Constants, so that a budget gives one mode to one file on
every machine; `benchmarks.scoring` measures yours."""


def spec_of(mode: Mode, spec: "ViewSpec") -> "ViewSpec":
    """What is seen of a video in a mode, but for the frames that `fast` prefers."""
    return replace(spec, moments=TIMES * spec.moments) if mode == "thorough" else spec


def within(budget_ms: float, packets: "Packets", pixels: int, spec: "ViewSpec") -> Mode:
    """The closest look whose estimated time is within a budget; `fast` where none is.

    The budget is for one video, without start-up; `pixels` are those of a frame.
    """
    choices: tuple[tuple[Mode, int], ...] = (("thorough", 2), ("exact", 1))
    for mode, views in choices:
        if estimate_ms(packets, pixels, spec_of(mode, spec), views=views) <= budget_ms:
            return mode
    return "fast"


def estimate_ms(packets: "Packets", pixels: int, spec: "ViewSpec", *, views: int) -> float:
    """About how long a look takes, if its moments go through the network `views` times."""
    from vq.video.decode_plan import cost

    many = cost(packets, spec.indices(packets.frame_count, packets))
    return READ_MS + many * pixels * PIXEL_NS / 1e6 + views * spec.moments * NETWORK_MS
