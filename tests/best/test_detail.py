"""Detail that copies share."""

import numpy as np

from tests.best import copies
from vq.best import detail


def test_noise_of_its_own_is_shared_by_nobody() -> None:
    """The copy with the most detail is not the one that shares most."""
    frame = copies.scene(6, frames=1)[0, :128, :128, 0].astype(float)
    rng = np.random.default_rng(1)
    three = [frame + spread * rng.standard_normal(frame.shape) for spread in (1.0, 4.0, 24.0)]
    patches = np.clip(np.rint(np.stack(three)), 0, 255).astype(np.uint8)[:, None]
    shared = detail.compare(patches)

    assert shared.power[2, -1] == shared.power[:, -1].max()
    assert shared.loading[2, 2] == shared.loading[:, 2].min()
    assert shared.covariance.shape == (detail.BANDS, 3, 3)
