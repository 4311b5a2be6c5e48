"""From tables to training data."""

import numpy as np

from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.training.dataset import assemble

SIDE = ["train"] * 6 + ["validation"] * 4


def test_ratings_stay_as_they_are() -> None:
    """To the bit, at the ends of the scale too, where a distribution over levels cannot follow.

    Those of another set lie on the primary's scale; who has none has none.
    """
    mos = [1.0, 5.0, 2.3, 4.1, np.nan, 25.0, 1.0, 5.0, 3.3, 3.3]
    lab = Ratings(opinion="human", scale=Scale(min=0, max=100), better="lower", licence="")
    card = Card(
        name="web", opinion="human", scale=Scale(min=1, max=5), licence="", datasets={"lab": lab}
    )
    rows = [{"dataset": "lab" if m == 25 else "web", "mos": m} for m in mos]
    features = {"a": np.zeros((10, 2), np.float32)}

    data = assemble(manifest.build(rows), card, SIDE, features, count=5)

    np.testing.assert_array_equal(data.mos.numpy(), [*mos[:5], 4.0, *mos[6:]])
    assert data.labelled().tolist() == [0, 1, 2, 3, 5]
    means = (data.target @ data.values).numpy()
    assert abs(means[0] - 1) > 1e-3
    np.testing.assert_allclose(means[[2, 3, 5]], [2.3, 4.1, 4.0], atol=1e-4)
