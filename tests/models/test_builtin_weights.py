"""The networks that the package ships."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file, save_file

from vq.commands.pretrain import RECIPES
from vq.errors import WeightsError
from vq.models import builtin_weights
from vq.models.pooling import pool
from vq.params import Expert as Spec
from vq.pretrain.pixels import normalise
from vq.synthetic.demo.photographs import photograph
from vq.zoo import catalog

ANSWERS = torch.nn.Linear(3, 2)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A copy of the shipped folder, to be spoilt."""
    return Path(shutil.copytree(builtin_weights.WEIGHTS, tmp_path / "weights"))


def _features(picture: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return _pooled(builtin_weights.load("distortion"), normalise(torch.tensor(picture[None])))


def _pooled(network: torch.nn.Module, pictures: torch.Tensor) -> np.ndarray:
    maps = network(pictures)
    return pool([maps[level] for level in builtin_weights.card("distortion").levels])[0].numpy()


def _chelsea() -> Image.Image:
    return Image.fromarray(photograph("chelsea")[60:220, 120:280])


@pytest.mark.parametrize("name", builtin_weights.names())
def test_a_shipped_network_matches_its_card(name: str) -> None:
    """Hash and architecture fit, or `load` would refuse; it comes ready to be asked."""
    network = builtin_weights.load(name)
    card = builtin_weights.card(name)
    assert card.name == name
    assert not network.training
    assert {value.dtype for value in network.parameters()} == {torch.float32}
    assert max(card.levels) < len(builtin_weights.channels(network))
    assert card.licence == "Apache-2.0"


@pytest.mark.parametrize("name", builtin_weights.names())
def test_a_shipped_network_is_small(name: str) -> None:
    """Weights live in git; an expert has 0.2 to 4 million parameters."""
    assert builtin_weights.path(name).stat().st_size < 8e6
    assert 2e5 < sum(value.numel() for value in builtin_weights.load(name).parameters()) < 4e6


def test_all_shipped_networks_together_are_small() -> None:
    """A clone or an installed package does not grow by more than 12 MB."""
    assert sum(file.stat().st_size for file in builtin_weights.WEIGHTS.iterdir()) < 12e6


def test_shipped_networks_differ_in_structure_and_in_what_they_were_asked() -> None:
    """Claim 8: a zoo of one architecture, or of one pretext task, would be no zoo."""
    cards = [builtin_weights.card(name) for name in builtin_weights.names()]
    assert len({card.architecture for card in cards}) == len(cards)
    assert len({card.pretext for card in cards}) == len(cards)


@pytest.mark.parametrize("name", builtin_weights.names())
def test_every_network_has_a_recipe_and_its_card_names_it(name: str) -> None:
    """Whoever doubts weights makes them again."""
    assert name in RECIPES
    assert (
        builtin_weights.card(name).recipe
        == f"vq pretrain {name} --seed {builtin_weights.card(name).seed}"
    )


@pytest.mark.parametrize("name", builtin_weights.names())
def test_pretraining_made_features_better_than_random_ones(name: str) -> None:
    """The card says so, for scenes held out: answers, or a ridge regression on features."""
    measures = builtin_weights.card(name).validation["scenes held out"]
    blind = {key.removeprefix("untrained_"): key for key in measures if key.startswith("untrained")}
    gains = [
        measures.get(f"probe_{what}", measures.get(what)) - measures[key]
        for what, key in blind.items()
    ]
    assert len(gains) >= 2
    assert max(gains) > 0.1
    assert np.mean(gains) > 0.05


def test_what_the_distortion_network_learnt_holds_for_photographs() -> None:
    """It has never seen one in training."""
    measures = builtin_weights.card("distortion").validation["photographs"]
    for what in ("strength", "damage"):
        assert measures[f"probe_{what}_srcc"] > measures[f"untrained_{what}_srcc"] + 0.1


def test_features_are_the_same_each_time() -> None:
    """Nothing in the network draws at random."""
    picture = np.asarray(_chelsea())
    np.testing.assert_array_equal(_features(picture), _features(picture))


def test_a_misspelt_name_gets_a_suggestion() -> None:
    """Whoever edits params.yaml sees what was meant."""
    with pytest.raises(WeightsError, match=r"'distorsion'; did you mean distortion"):
        builtin_weights.load("distorsion")


def test_altered_weights_are_refused(weights: Path) -> None:
    """One flipped bit is found; the file is named."""
    file = weights / "distortion.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"distortion\.safetensors: altered"):
        builtin_weights.load("distortion", weights)


def test_missing_weights_are_named(weights: Path) -> None:
    """A card alone is no network."""
    (weights / "distortion.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"distortion\.safetensors: missing"):
        builtin_weights.load("distortion", weights)


def test_weights_of_another_architecture_are_refused(weights: Path) -> None:
    """The hash fits, the shapes do not."""
    file = weights / "distortion.json"
    card = json.loads(file.read_text())
    file.write_text(json.dumps({**card, "architecture": "mobilenetv3_small_075"}))
    with pytest.raises(WeightsError, match=r"does not fit mobilenetv3_small_075"):
        builtin_weights.load("distortion", weights)


def test_a_card_that_is_none_is_named(weights: Path) -> None:
    """Half a card is not guessed at."""
    (weights / "distortion.json").write_text('{"name": "distortion"}')
    with pytest.raises(WeightsError, match=r"distortion\.json: not the card"):
        builtin_weights.card("distortion", weights)


def test_half_precision_costs_nothing_that_shows(tmp_path: Path) -> None:
    """Filters between the values of float16 move features by less than 1 % of their spread."""
    network = builtin_weights.load("distortion")
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in network.parameters():
            value.mul_(1 + 1e-3 * torch.rand(value.shape, generator=rng))
    builtin_weights.save(network, ANSWERS, builtin_weights.card("distortion"), tmp_path)
    pictures = normalise(torch.tensor(np.stack([np.asarray(_chelsea())])))
    with torch.inference_mode():
        full, half = (
            _pooled(some, pictures)
            for some in (network, builtin_weights.load("distortion", tmp_path))
        )
    assert 0 < np.abs(full - half).max() < 0.01 * full.std()


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    """Filters lose what float16 cannot hold, once; all else keeps every bit."""
    network = builtin_weights.load("distortion")
    with torch.no_grad():
        network.conv_stem.weight.add_(1e-5)
        network.bn1.bias.add_(1e-5)
    card = builtin_weights.save(network, ANSWERS, builtin_weights.card("distortion"), tmp_path)
    assert card.sha256 != builtin_weights.card("distortion").sha256
    again = builtin_weights.load("distortion", tmp_path)
    torch.testing.assert_close(again.bn1.bias, network.bn1.bias, rtol=0, atol=0)
    torch.testing.assert_close(
        again.conv_stem.weight, network.conv_stem.weight, rtol=2**-11, atol=2**-24
    )


GOLDEN = {
    "distortion": (-0.1407, 0.1739, -0.2833, 1.385, 0.2154, 0.3771, 0.3881),
    "motion": (0.03843, 0.03752, 0.09639, 0.8155, 1.09, 0.3363, 0.4461),
    "quality": (
        -0.3789,
        -0.1908,
        0.2401,
        -5.147,
        5.184,
        -2.584,
        -5.587,
        1.275,
        0.5373,
        0.08356,
        0.1496,
        0.1459,
        0.06887,
    ),
}
"""Every 96th feature of a cat, computed when the weights were made (x86 CPU)."""


@pytest.mark.parametrize("name", builtin_weights.names())
def test_features_of_a_photograph_are_those_of_the_day_the_weights_were_made(name: str) -> None:
    """Another torch, timm or ONNX Runtime, or another normalisation, changes nothing computed.

    A clip is the cat, twice, and then two pixels further left.
    """
    cat = np.asarray(_chelsea())
    expert = catalog.create(name, Spec())
    clip = np.stack([cat, cat, np.roll(cat, 2, 1), np.roll(cat, 4, 1)])
    (row,) = expert.describe(clip if expert.kind == "clip" else cat[None])
    assert len(row) == expert.dim
    assert row[::96] == pytest.approx(GOLDEN[name], rel=1e-3, abs=1e-3)


def test_answers_tell_blurred_from_sharp_and_more_from_less() -> None:
    """Damage and strength of defocus, as told, grow with the blur until nothing is left of it."""
    told = builtin_weights.answers("distortion")
    classes = builtin_weights.card("distortion").classes
    damage, defocus = -1, len(classes) + classes.index("defocus") - 1
    with torch.inference_mode():
        says = np.stack(
            [
                told(torch.from_numpy(_features(np.asarray(blurred)))).numpy()
                for radius in (0.0, 0.7, 2.0)
                for blurred in [_chelsea().filter(ImageFilter.GaussianBlur(radius))]
            ]
        )
    for what in (damage, defocus):
        assert (np.diff(says[:, what]) > 0.05).all()
    assert says[2, defocus] > 0.5


def test_weights_without_answers_are_refused(weights: Path) -> None:
    """A file of an earlier version has a backbone alone."""
    file = weights / "distortion.safetensors"
    backbone = {key: value for key, value in load_file(file).items() if "answers" not in key}
    save_file(backbone, file)
    card = json.loads(file.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"distortion\.safetensors: has no answers"):
        builtin_weights.answers("distortion", weights)
