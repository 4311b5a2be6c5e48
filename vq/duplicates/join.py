"""Contents that are one content, since videos of them show the same."""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def representatives(contents: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The head of each content's family: that of its members which comes first.

    Whoever is like one that is like a third is of one family with both. The head gives the family
    its side, so that one in five families is for the test, however large they are: of the side
    nearest to train that a member has, nothing would be left for the test. Contents are in the
    order of the labels, so that what is added later is no head of the old.
    """
    names = list(dict.fromkeys(contents))
    number = {name: place for place, name in enumerate(names)}
    ends = np.array([(number[a], number[b]) for a, b in pairs], np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names),) * 2)
    families = connected_components(graph, directed=False)[1].tolist()
    first: dict[int, str] = {}
    for name, family in zip(names, families, strict=True):
        first.setdefault(family, name)
    return {name: first[family] for name, family in zip(names, families, strict=True)}
