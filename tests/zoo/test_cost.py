"""What an expert costs: counted, and as others count it."""

import numpy as np
import pytest
import timm

from tests.zoo.experts import noise
from vq.params import Expert as Spec
from vq.zoo import catalog, cost
from vq.zoo.frame_window import AREA
from vq.zoo.statistics import OPERATIONS, two_scales


@pytest.mark.parametrize(
    ("model", "published_gmacs", "published_millions"),
    [
        # timm's results/benchmark-infer-amp-nchw-pt113-cu117-rtx3090.csv (with the classifier).
        pytest.param("resnet50", 4.11, 25.56, id="convolutions"),
        pytest.param("vit_small_patch16_224", 4.61, 22.05, id="attention"),
        pytest.param("swin_tiny_patch4_window7_224", 4.51, 28.29, id="windows"),
    ],
)
def test_a_network_costs_what_is_published(
    model: str, published_gmacs: float, published_millions: float
) -> None:
    """Within 1 %: others count the bias, or an activation."""
    network = timm.create_model(model)

    assert cost.gmacs(network, 1, 3, 224, 224) == pytest.approx(published_gmacs, rel=0.01)
    assert cost.parameters(network) / 1e6 == pytest.approx(published_millions, rel=0.001)


class Counted(np.ndarray):
    """An array that counts the operations of whatever is done to it."""

    operations = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):  # noqa: ANN001, ANN002, ANN003, ANN204
        """Compute as always, and count one operation for each number that comes or goes."""
        plain = [x.view(np.ndarray) if isinstance(x, Counted) else x for x in inputs]
        if kwargs.get("out"):
            kwargs["out"] = tuple(x.view(np.ndarray) for x in kwargs["out"])
        found = getattr(ufunc, method)(*plain, **kwargs)
        Counted.operations += np.size(plain[0] if method == "reduce" else found)
        return found.view(Counted) if isinstance(found, np.ndarray) else found


def test_the_cost_of_handcrafted_statistics_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an array that counts what is done to it: all but numpy.count_nonzero."""
    pad = np.pad  # it forgets what it was given
    monkeypatch.setattr(np, "pad", lambda *given, **kw: pad(*given, **kw).view(Counted))
    picture = (noise(384, 640).astype(np.float32) - 128).view(Counted)
    Counted.operations = 0

    two_scales(picture)

    counted = Counted.operations / picture.size
    # Twice in each of five maps, at one scale and at a quarter of the pixels.
    assert counted + 2 * 5 * 1.25 == pytest.approx(OPERATIONS, rel=0.15)


def test_longer_clips_cost_more() -> None:
    """Each frame adds its difference from the one before, and theirs."""
    four = catalog.create("temporal_statistics", Spec())
    eight = catalog.create("temporal_statistics", Spec(), clip_frames=8)

    assert eight.gmacs - four.gmacs == pytest.approx(4 * AREA * (5 + 1 + 16 + 3) / 2e9)
    r3d = Spec(catalog="torchvision_clip", model="r3d_18", weights="random", side_px=32)
    short, long = (catalog.create("r3d", r3d, clip_frames=n) for n in (8, 16))
    assert long.gmacs == pytest.approx(2 * short.gmacs)
    assert long.identity == short.identity
