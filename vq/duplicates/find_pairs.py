"""Which videos show the same, and how much of them, found without comparing each with each.

Locality-sensitive hashing by sampled bits (Indyk and Motwani, STOC 1998): two hashes of which a few
of 64 bits differ often agree in all of some bits that are drawn at random. Each table draws others,
and only hashes that agree in those of a table are compared. The larger the collection, the more
bits are drawn, so that a hash meets a handful of others by chance, however many there are.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int64, UInt64

from vq.video.fingerprint import Fingerprint

TABLES = 16
BITS = range(63)
"""Of a hash; its first bit (the mean of the picture) is always set."""
NARROW, WIDE = 12, 30
"""Bits that a table draws: for few hashes, and for as many as there may be."""
SEED = 7
"""Of the bits drawn. No param: another seed is no better, and old findings should come again."""
BLOCK = 1 << 22
"""Comparisons in memory at a time."""


def find(
    prints: Sequence[Fingerprint], groups: Sequence[str] | None = None, *, bits: int, share: float
) -> dict[tuple[int, int], float]:
    """Pairs of videos that show the same, by position, and how much of the shorter one's time.

    Pairs within a group are not looked for. Of 64 bits, hashes of the same picture may differ by
    `bits`. A `share`, 0 to 1, is of the shorter one's time: what has to be in the other one too.
    """
    shares = {
        (first, second): overlap(prints[first], prints[second], bits=bits)
        for first, second in candidates(prints, groups, bits=bits).tolist()
    }
    return {pair: common for pair, common in shares.items() if common >= share}


def overlap(one: Fingerprint, other: Fingerprint, *, bits: int) -> float:
    """Share of the shorter one's time that is in the other one too, wherever that is.

    Either may be the one that was cropped: its whole frames look like a part of the other's.
    """
    shorter = min(one.seconds, other.seconds)
    if not shorter:
        return 0.0
    common = max(_seconds_seen(one, other, bits), _seconds_seen(other, one, bits))
    return min(common / shorter, 1.0)


def _seconds_seen(cropped: Fingerprint, source: Fingerprint, bits: int) -> float:
    """Time of the source of which some part is a frame of what may be cropped from it."""
    differing = np.bitwise_count(cropped.frames.reshape(-1, 1, 1) ^ source.windows)
    return int((differing <= bits).any(axis=(0, 2)).sum()) * source.step


def candidates(
    prints: Sequence[Fingerprint], groups: Sequence[str] | None = None, *, bits: int
) -> Int64[np.ndarray, "pairs 2"]:
    """Pairs of videos of which a frame of one looks like a part of a frame of the other.

    Pairs within a group are not wanted; without groups, all are. Hashes of the same picture may
    differ by so many bits.

    Returns:
        Positions in `prints`, the lower one first, sorted; each pair once.
    """
    group = np.arange(len(prints)) if groups is None else np.unique(groups, return_inverse=True)[1]
    hashes, owner = _unique([one.windows for one in prints])
    queries, query_owner = _unique([one.frames for one in prints])
    rng = np.random.default_rng(SEED)
    codes = [np.empty(0, np.int64)]
    for _ in range(TABLES):
        mask = _mask(len(hashes), rng)
        for one, other in _meetings(queries, hashes, mask):
            close = np.bitwise_count(queries[one] ^ hashes[other]) <= bits
            first, second = query_owner[one[close]], owner[other[close]]
            apart = group[first] != group[second]
            low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
            codes.append(np.unique(low * len(prints) + high))
    pairs = np.unique(np.concatenate(codes))
    return np.stack(np.divmod(pairs, max(len(prints), 1)), axis=1)


def _unique(
    hashes: Sequence[np.ndarray],
) -> tuple[UInt64[np.ndarray, " hashes"], Int64[np.ndarray, " hashes"]]:
    """Each hash of a video once, since stills repeat theirs; and whose it is."""
    each = [np.unique(one) for one in hashes]
    owner = np.repeat(np.arange(len(each)), [len(one) for one in each])
    return np.concatenate([np.empty(0, np.uint64), *each]), owner


def _mask(hashes: int, rng: np.random.Generator) -> np.uint64:
    count = int(np.clip(np.ceil(np.log2(max(hashes, 1))), NARROW, WIDE))
    drawn = rng.choice(BITS, count, replace=False)
    return np.uint64(sum(1 << int(bit) for bit in drawn))


def _meetings(
    queries: np.ndarray, hashes: np.ndarray, mask: np.uint64
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions of those that agree in all bits of a mask, some millions at a time."""
    order = np.argsort(hashes & mask)
    keys = (hashes & mask)[order]
    turn = np.argsort(queries & mask)  # neighbours look at neighbouring memory
    query_keys = (queries & mask)[turn]
    first = np.searchsorted(keys, query_keys, "left")
    count = np.searchsorted(keys, query_keys, "right") - first
    turn, first, count = turn[count > 0], first[count > 0], count[count > 0]
    ends = np.cumsum(count)
    start = 0
    while start < len(turn):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + BLOCK, "right")), start + 1)
        chunk = count[start:stop]
        within = np.arange(chunk.sum()) - np.repeat(np.cumsum(chunk) - chunk, chunk)
        yield (
            np.repeat(turn[start:stop], chunk),
            order[np.repeat(first[start:stop], chunk) + within],
        )
        start = stop
