"""Which videos are copies of one source, and which of those show all of it."""

from collections.abc import Sequence

import numpy as np

from vq.duplicates import find_pairs
from vq.video.fingerprint import Fingerprint

BITS = 8
"""Of 64, by which hashes of the same picture may differ: as `split.near_bits` of the demo."""
SHARE = 0.7
"""Of the shorter one's time that is in the other one too: as `split.near_share`."""
CROPPED_BITS = 3.0
"""By how many bits, on average, the hashes of a crop are nearer to a part of the other picture than
to the whole of it."""


def group(prints: Sequence[Fingerprint]) -> list[list[int]]:
    """Positions of the copies of each source, in the order of the first; most have one alone.

    A copy of a copy is a copy of both.
    """
    head = list(range(len(prints)))

    def top(place: int) -> int:
        while head[place] != place:
            place = head[place]
        return place

    for first, second in sorted(find_pairs.find(prints, bits=BITS, share=SHARE)):
        one, other = sorted((top(first), top(second)))
        head[other] = one
    members: dict[int, list[int]] = {}
    for place in range(len(prints)):
        members.setdefault(top(place), []).append(place)
    return list(members.values())


def is_crop(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the whole picture of one is a part of the other's."""
    if not one.frames.size or not other.windows.size:
        return False
    # Over windows of the other and frames of the one: how near the nearest frame is.
    bits = np.bitwise_count(one.frames.reshape(-1, 1, 1) ^ other.windows).min(axis=0)
    whole, parts = bits[:, 0].astype(float), bits[:, 1:].min(axis=1).astype(float)
    near = parts <= BITS
    return bool(near.any() and (whole - parts)[near].mean() >= CROPPED_BITS)
