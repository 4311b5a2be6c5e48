"""Looks at a video that begin with one moment and go on as long as somebody asks: `--decide`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vq.video.decode import Decoded, in_groups
from vq.video.decode_plan import cost
from vq.video.packets import Packets
from vq.video.shapes import UInt8
from vq.video.views import ViewSpec, stack_view

ONE, THREE, EXACT, EIGHTH, HALF, THOROUGH = (
    "1 moment",
    "3 moments",
    "exact",
    "eighth of thorough",
    "half of thorough",
    "thorough",
)
STAGES = (ONE, THREE, EXACT, EIGHTH, HALF, THOROUGH)
"""Each sees all that the one before it saw, but for half of `thorough`, which lacks `exact`."""
FEWEST = 4
"""Moments of an exact look below which there is no shorter one."""
MOST_STEP_COST = 1.1
"""Most packets that three steps may decode, for one of an exact look in one go."""

Views = UInt8[np.ndarray, "moments 4 side side"]
Ask = Callable[[str, Views, bool], bool]
"""Called with a stage, what it sees, and whether the file has several keyframes; true: that is
enough."""


@dataclass(frozen=True)
class Steps:
    """Which moments of an exact look are seen first, and which next."""

    several: bool
    """The file has several keyframes, or it is not known how many."""
    apart: bool
    """Moments stand at keyframes, so that those in the middle cost no more than the first ones."""
    one: tuple[int, ...]
    three: tuple[int, ...]
    """With that of `one`."""

    @classmethod
    def of(cls, spec: ViewSpec, promised: Packets) -> "Steps | None":
        """The steps for a file; None if an exact look has few moments."""
        count = spec.moments
        if count < FEWEST:
            return None
        pairs = spec.pairs(promised.frame_count, promised)

        def costs(places: set[int]) -> int:
            return cost(promised, {number for place in places for number in pairs[place]})

        several = has_several_keyframes(promised)
        one, three = {count // 2}, {count // 8, count // 2, 7 * count // 8}
        whole = set(range(count))
        in_steps = costs(one) + costs(three - one) + costs(whole - three)
        if in_steps <= MOST_STEP_COST * costs(whole):
            return cls(several, True, tuple(one), tuple(sorted(three)))
        return cls(several, False, (0,), (0, count // 4, 5 * count // 8))


def has_several_keyframes(promised: Packets) -> bool:
    """Whether a file has, or it is not known: encoders begin anew where the scene changes."""
    return len(promised.keys) != 1


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of a video until somebody had enough."""

    stage: str
    frames: int
    """Different frames that were looked at."""
    frame_count: int
    warning: str


def exact_in_steps(path: Path, spec: ViewSpec, ask: Ask) -> Seen:
    """Decode what an exact look sees, in steps; nothing is decoded twice.

    Where moments stand apart, the middle one comes first, then one on either side, then the rest.
    Elsewhere they come in the order of time, and the third step goes on where the second stopped.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
    """
    looking = _Looking(path, spec, ask)
    try:
        looking.at(None)
        if (steps := looking.steps) is not None and steps.apart:
            looking.at(steps.three)
            looking.at(range(spec.moments))
    except _EnoughError as enough:
        return looking.seen(enough.stage)
    ask(EXACT, looking.views(range(spec.moments)), looking.several)
    return looking.seen(EXACT)


class _EnoughError(Exception):
    """Ends a decoding that is under way."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


class _Looking:
    """The views of some moments of a file so far."""

    def __init__(self, path: Path, spec: ViewSpec, ask: Ask) -> None:
        self._path, self._spec, self._ask = path, spec, ask
        self.steps: Steps | None = None
        self.several = True
        self._views: dict[int, np.ndarray] = {}
        self._numbers: dict[int, tuple[int, int]] = {}
        self._about = (0, "")

    def at(self, places: Sequence[int] | None) -> None:
        """Look at moments that were not looked at yet; asks as soon as a stage is complete.

        None: at those of the first step, which the packets choose.
        """
        left: list[int] = []
        pairs: list[tuple[int, int]] = []

        def choose(frame_count: int, promised: Packets | None) -> list[tuple[int, int]]:
            if places is None and promised is not None:
                self.steps = Steps.of(self._spec, promised)
                self.several = has_several_keyframes(promised)
            apart = self.steps is not None and self.steps.apart
            first = self.steps.one if apart and self.steps else range(self._spec.moments)
            wanted = first if places is None else places
            for gone in left:  # the file delivers another number of frames, and is begun anew
                self._views.pop(gone, None)
            left[:] = [place for place in wanted if place not in self._views]
            every = self._spec.pairs(frame_count, promised)
            pairs[:] = [every[place] for place in left]
            return pairs

        def view(number: int, decoded: Decoded) -> None:
            place, pair = left[number], pairs[number]
            self._views[place] = stack_view(*(decoded.pixels[one] for one in pair))
            self._numbers[place] = pair
            self._about = decoded.frame_count, decoded.warning
            self._question(place)

        in_groups(self._path, choose, view, see=self._spec.see)

    def _question(self, place: int) -> None:
        if self.steps is None:
            return
        for stage, wanted in ((ONE, self.steps.one), (THREE, self.steps.three)):
            complete = place == wanted[-1] and all(one in self._views for one in wanted)
            if complete and self._ask(stage, self.views(wanted), self.several):
                raise _EnoughError(stage)

    def views(self, places: Sequence[int]) -> Views:
        """Those of some moments, in order."""
        return np.stack([self._views[place] for place in places])

    def seen(self, stage: str) -> Seen:
        """What was looked at so far."""
        numbers = {number for pair in self._numbers.values() for number in pair}
        return Seen(stage, len(numbers), *self._about)
