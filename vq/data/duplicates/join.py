"""Contents that are one content, since videos of them show the same."""

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def families(
    contents: Iterable[str], pairs: Iterable[tuple[str, str]]
) -> Mapping[str, tuple[str, ...]]:
    """The contents that each content is one with, itself among them, sorted.

    Whoever is like one that is like a third is one with both.
    """
    names = sorted(set(contents))
    number = {name: place for place, name in enumerate(names)}
    ends = np.array([(number[a], number[b]) for a, b in pairs], np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names),) * 2)
    of = connected_components(graph, directed=False)[1]
    members: dict[int, list[str]] = {}
    for name, component in zip(names, of.tolist(), strict=True):
        members.setdefault(component, []).append(name)
    return {name: tuple(members[one]) for name, one in zip(names, of.tolist(), strict=True)}
