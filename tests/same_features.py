"""What tests ask of the cache of features of two workspaces."""

from pathlib import Path

import numpy as np

from vq import params
from vq.data import manifest
from vq.features.cache import Cache
from vq.zoo import extract


def assert_same_features(root: Path, other: Path) -> None:
    """Both have all features and views of all accepted videos, bit for bit."""
    settings = params.load(root / "params.yaml").extract
    planned = extract.plan(settings, extract.create(settings), Path("unused"))
    shas = manifest.read(root / "artifacts" / "accepted.parquet")["sha256"].tolist()
    for key in planned.keys.values():
        ours, theirs = (
            Cache(each / "artifacts" / "cache").read(key, shas) for each in (root, other)
        )
        for one, two in zip(ours, theirs, strict=True):
            assert one is not None
            np.testing.assert_array_equal(one, two)
