"""The frames that cost least to decode, for a score that need not be exact."""

from collections.abc import Sequence

import numpy as np

from vq.video import frame_sampling
from vq.video.decode_plan import cost
from vq.video.packets import Packets

MOMENTS = 4
"""With fewer keyframes than that there is little to be had for less."""

Pairs = list[tuple[int, int]]


def pairs(packets: Packets, exact: Pairs) -> Pairs | None:
    """Moments at keyframes, each with its neighbour, instead of the exact ones.

    Decoding begins at keyframes, so that they and the frames after them are cheapest. Taken are the
    `MOMENTS` keyframes next to equally spaced moments. In a file with fewer keyframes, as many
    uploads are, a moment costs what leads up to it, and the last one is left out; without more of
    them, scores agree less with the ratings (EXPERIMENTS.md).

    Returns:
        Pairs of frame numbers in order; None where they cost no less than the exact ones.
    """
    keys, count = packets.keys, packets.frame_count
    if len(keys) < MOMENTS:
        chosen = exact[: max(len(exact) - 1, MOMENTS)]
    else:
        middles = frame_sampling.moments(count, moments=MOMENTS)
        near = np.abs(keys[None, :] - middles[:, None]).argmin(1)
        if len(set(near.tolist())) < MOMENTS:  # they lie unevenly: each of four parts of them
            near = frame_sampling.moments(len(keys), moments=MOMENTS)
        chosen = [frame_sampling.pair(int(number), count) for number in keys[near]]
    if packets.fault or cost(packets, _union(chosen)) >= cost(packets, _union(exact)):
        return None
    return chosen


def _union(chosen: Sequence[tuple[int, int]]) -> set[int]:
    return {number for pair in chosen for number in pair}
