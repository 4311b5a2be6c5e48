"""The table of ready-made experts is true: as timm and torchvision have it, counted again."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from tests.zoo.experts import ramp
from tests.zoo.test_weights import hashed
from vq.errors import ParamsError, WeightsError
from vq.params import Expert as Spec
from vq.zoo import catalog, clips, cost, images, pretrained
from vq.zoo.pretrained import PretrainedModel
from vq.zoo.weights import chance

TABLE = pretrained.read()
IMAGES = [name for name, known in TABLE.items() if known.kind == "image"]
CLIPS = [name for name, known in TABLE.items() if known.kind == "clip"]


def test_the_zoo_is_diverse() -> None:
    """Families, pretext tasks and data differ (claim 8), and most licences permit a product."""
    tags = [known.tags for known in TABLE.values()]

    assert len(TABLE) >= 24
    assert len({tag.family for tag in tags}) >= 24
    assert len({tag.pretext for tag in tags}) >= 12
    assert len({tag.data for tag in tags}) >= 12
    free = [tag for tag in tags if tag.licence in ("Apache-2.0", "MIT", "BSD-3-Clause")]
    assert len(free) / len(tags) > 0.75


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_model_is_as_timm_has_it(name: str) -> None:
    """Weights exist under this name; licence, mean and spread are those of its configuration."""
    known = TABLE[name]
    cfg = timm.get_pretrained_cfg(known.model, allow_unregistered=False)

    assert known.model in timm.list_pretrained()
    assert known.tags.licence.lower() == cfg.license
    assert (known.input.mean, known.input.std) == (tuple(cfg.mean), tuple(cfg.std))
    assert known.input.side_px in (cfg.input_size[-1], 224)


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_model_is_as_torchvision_has_it(name: str) -> None:
    """The weights that `hub` takes are of Kinetics-400 alone; size, mean and spread are theirs."""
    known = TABLE[name]
    weights = models.get_model_weights(known.model).DEFAULT
    sight = weights.transforms()

    assert weights.name == "KINETICS400_V1"
    assert (known.input.mean, known.input.std) == (tuple(sight.mean), tuple(sight.std))
    assert known.input.side_px == sight.crop_size[0]
    assert known.input.frames == weights.meta.get("min_temporal_size", 1)


@pytest.mark.parametrize("name", TABLE)
def test_what_an_expert_comes_to_is_counted_again(name: str) -> None:
    """On the meta device: every network is built and run, and nothing is computed."""
    known = TABLE[name]

    network = _without_numbers(known)

    side_px = known.input.side_px
    shape = (3, side_px, side_px)
    if known.kind == "clip":
        shape = (3, max(known.input.frames, 4), side_px, side_px)
    dim, gmacs = cost.outcome(network, 1, *shape)
    assert (dim, cost.parameters(network)) == (known.dim, known.parameters)
    assert 8 * gmacs == pytest.approx(known.gmacs, abs=1e-3)


def test_one_line_of_params_is_enough(tmp_path: Path) -> None:
    """A file with the weights may stand in for the hub; all else the table knows."""
    known = TABLE["mobilenetv4_small"]
    with chance("trained"):
        network = timm.create_model(known.model)
    path = tmp_path / "w.safetensors"
    save_file(network.state_dict(), path)

    expert = catalog.create("mobilenetv4_small", Spec(weights=hashed(path)))

    assert (expert.dim, expert.parameters) == (known.dim, known.parameters)
    assert expert.tags == known.tags
    assert 8 * expert.gmacs == pytest.approx(known.gmacs, abs=1e-3)
    network.reset_classifier(0)
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (known.input.mean, known.input.std))
    pixels = ramp(1, 224, 224)
    with torch.inference_mode():
        expected = network.eval()((torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - mean) / std)
    np.testing.assert_allclose(expert.describe(pixels), expected.numpy(), rtol=1e-3, atol=1e-5)


def test_position_embeddings_of_a_file_are_scaled(tmp_path: Path) -> None:
    """DINOv2 was trained at 518 px, and is used at another size by timm's own conversion."""
    model = "vit_tiny_patch16_224"
    with chance("trained"):
        network = timm.create_model(model)
    path = tmp_path / "w.safetensors"
    save_file({f"visual.trunk.{k}": v for k, v in network.state_dict().items()}, path)

    spec = Spec(catalog="timm", model=model, weights=hashed(path), side_px=96)
    expert = catalog.create("small", spec)

    resized = timm.create_model(model, num_classes=0, img_size=96)
    filtered = timm.models.vision_transformer.checkpoint_filter_fn(network.state_dict(), resized)
    resized.load_state_dict({k: v for k, v in filtered.items() if not k.startswith("head")})
    pixels = ramp(1, 96, 96)
    given = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    with torch.inference_mode():
        expected = resized.eval()(given)
    np.testing.assert_allclose(expert.describe(pixels), expected.numpy(), rtol=1e-3, atol=1e-4)


def test_chance_is_not_called_what_the_weights_are() -> None:
    """A control made of a ready-made network has no pretext task."""
    expert = catalog.create("mobilenetv4_small", Spec(weights="random", side_px=64))

    assert "random" in expert.tags.pretext
    assert expert.tags.data == "none"


def test_the_model_of_a_ready_made_expert_is_fixed() -> None:
    """Or its tags would be those of another."""
    with pytest.raises(ParamsError, match=r"dinov2_small takes no model; .*`catalog: timm`"):
        catalog.create("dinov2_small", Spec(model="resnet18"))


def test_without_weights_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of reach, it is one clear error, and never chance."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "/nonexistent")

    with pytest.raises(WeightsError, match=r"mobilenetv4_small: .*no weights from the hub"):
        catalog.create("mobilenetv4_small", Spec())


def _without_numbers(known: PretrainedModel) -> nn.Module:
    spec = Spec(model=known.model, side_px=known.input.side_px)
    with torch.device("meta"):
        if known.kind == "image":
            return images.build("x", spec, hub_lock=None).eval()
        return clips.build("x", spec).eval()
