"""S-CNN with its authors' weights tells distortions, as it was trained to."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter
from torch import nn

from tests.zoo.test_weights import hashed
from vq.errors import ParamsError, WeightsError
from vq.params import Expert as Spec
from vq.zoo import catalog, weights
from vq.zoo.scnn import MEAN, STD, Scnn

ASSETS = Path(os.environ.get("VQ_ASSETS", "../shared/assets"))
FILE = ASSETS / "weights" / "scnn_distortion_dbcnn.pth"
CLIPS = [
    f"{name}.mp4"
    for name in ("sam2_dog", "lp_d12", "davis_tennis", "genl_hike", "tav_skiing", "sam2_coffee")
]

needs_assets = pytest.mark.skipif(
    not FILE.exists(), reason=f"{FILE} is not here; set VQ_ASSETS to the folder of the assets"
)
Picture = Image.Image


def blurred(picture: Picture, sigma: float) -> Picture:
    """Out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(sigma))


def compressed(picture: Picture, quality: float) -> Picture:
    """Through JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(quality))
    return Image.open(buffer).convert("RGB")


def noisy(picture: Picture, sigma: float) -> Picture:
    """White Gaussian noise."""
    pixels = np.asarray(picture).astype(float)
    pixels = pixels + np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@needs_assets
@pytest.mark.parametrize(
    ("damage", "strengths", "classes"),
    [
        pytest.param(blurred, (0.8, 2.2, 5.0), range(5), id="blur"),
        pytest.param(compressed, (40, 12, 6), range(19, 24), id="jpeg"),
        pytest.param(noisy, (5, 10, 30), range(14, 19), id="noise"),
    ],
)
def test_it_tells_type_and_strength(
    damage: Callable[[Picture, float], Picture], strengths: tuple[float, ...], classes: range
) -> None:
    """Real frames, damaged: nine in ten answers name the type, and classes rise with the strength.

    Which classes are whose was read off the answers: the authors' list is one of folders.
    """
    expert = catalog.create("scnn", Spec(weights=hashed(FILE)))
    classifier = nn.Linear(expert.dim, 39)
    state = weights.read(hashed(FILE))
    for name, value in classifier.named_parameters():
        value.data.copy_(state[f"module.classifier.{name}"])
    weight, bias = (value.detach().numpy() for value in classifier.parameters())

    said = np.zeros((len(CLIPS), len(strengths)), int)
    for clip, answers in zip(CLIPS, said, strict=True):
        picture = _frame(ASSETS / "videos" / clip)
        for number, strength in enumerate(strengths):
            row = expert.describe(np.asarray(damage(picture, strength))[None])[0]
            answers[number] = (weight @ row + bias).argmax()

    assert np.isin(said, classes).mean() >= 0.9
    weak, middle, strong = np.median(said, axis=0)
    assert weak < middle < strong


@needs_assets
def test_the_file_fits_whole() -> None:
    """Every parameter of the network is in the file, and all of the file but the classifier."""
    state = {k.removeprefix("module."): v.shape for k, v in weights.read(hashed(FILE)).items()}
    classifier = {"classifier.weight", "classifier.bias"}
    counts = {name for name in Scnn().state_dict() if name.endswith("num_batches_tracked")}

    wanted = {k: v.shape for k, v in Scnn().state_dict().items() if k not in counts}
    assert {k: v for k, v in state.items() if k not in classifier} == wanted
    assert (MEAN, STD) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize("given", [None, "hub"])
def test_there_is_no_hub_for_it(given: str | None) -> None:
    """The message says where a file is."""
    with pytest.raises(ParamsError, match=r"experts\.scnn: .*file: PATH.*DBCNN-PyTorch"):
        catalog.create("scnn", Spec(weights=given))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    """Named by file, as everywhere."""
    import torch

    path = tmp_path / "w.pth"
    torch.save({"conv.weight": torch.zeros(3)}, path)

    with pytest.raises(WeightsError, match=r"w\.pth: does not fit the network"):
        catalog.create("scnn", Spec(weights=hashed(path)))


def _frame(path: Path) -> Picture:
    """The first frame of a clip, half as large or less: what was wrong with it is gone."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_image()
    height = min(picture.height // 2, 288)
    width = round(picture.width * height / picture.height)
    return picture.resize((width, height), Image.Resampling.LANCZOS)
