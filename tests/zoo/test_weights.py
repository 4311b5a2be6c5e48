"""Weights: only those that were meant, and never chance in their place."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from tests.zoo.experts import ramp
from vq.errors import ParamsError, WeightsError
from vq.params import Expert, WeightsFile
from vq.zoo import catalog
from vq.zoo.weights import chance

ASSETS = Path(os.environ.get("VQ_ASSETS", "../shared/assets"))
MODEL = "mobilenetv3_small_050"
REAL = [
    ("mobilenetv2_100", "mobilenetv2_100.imagenet_qat", 1280),
    ("mobilenetv2_100", "mobilenetv2_100.inat_bird", 1280),
    ("mobilenetv2_100", "mobilenetv2_100.movenet_pose_backbone", 1280),
    ("mobilenetv2_100", "mobilenetv2_100.pascalvoc_deeplab_backbone", 320),
    ("mobilenetv1_100", "mobilenetv1_100.imagenet_qat_backbone", 1024),
]


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Parameters of a network with classifier, as if someone had trained it."""
    with chance("trained"):
        return timm.create_model(MODEL, num_classes=7).state_dict()


def hashed(path: Path) -> WeightsFile:
    """A file and its true hash, as params would give them."""
    return WeightsFile(file=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def spec(path: Path) -> Expert:
    """An expert whose weights are in a file."""
    return Expert(catalog="timm", model=MODEL, weights=hashed(path), side_px=32)


@pytest.mark.parametrize(
    ("prefix", "form"), [("", "safetensors"), ("module.", "pth"), ("backbone.", "checkpoint")]
)
def test_a_file_gives_the_network_that_was_saved(
    tmp_path: Path, state: dict[str, torch.Tensor], prefix: str, form: str
) -> None:
    """Whatever the training code called things; the classifier is left aside."""
    named = {prefix + name: value for name, value in state.items()}
    path = tmp_path / f"w.{'safetensors' if form == 'safetensors' else 'pth'}"
    if form == "safetensors":
        save_file(named, path)
    else:
        torch.save({"epoch": 3, "state_dict": named} if form == "checkpoint" else named, path)
    reference = timm.create_model(MODEL, num_classes=7)
    reference.load_state_dict(state)
    reference.reset_classifier(0)

    expert = catalog.create("x", spec(path))

    pixels = ramp(2, 32, 32)
    cfg = reference.pretrained_cfg
    scaled = (pixels / 255.0 - cfg["mean"]) / cfg["std"]
    with torch.inference_mode():
        expected = reference.eval()(torch.tensor(scaled, dtype=torch.float32).permute(0, 3, 1, 2))
    np.testing.assert_allclose(expert.describe(pixels), expected.numpy(), rtol=1e-3, atol=1e-5)


def test_a_file_without_head_ends_in_the_map_before(
    tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    """A backbone of a detector has no conv_head: its last map is pooled."""
    path = tmp_path / "w.safetensors"
    save_file({k: v for k, v in state.items() if not k.startswith(("conv_head", "class"))}, path)

    expert = catalog.create("x", spec(path))

    assert expert.dim == 288
    assert expert.describe(ramp(2)).shape == (2, 288)


def test_normalisation_in_params_counts(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    """Other mean, other feature, other key."""
    path = tmp_path / "w.safetensors"
    save_file(state, path)
    plain = catalog.create("x", spec(path))
    shifted = catalog.create("x", spec(path).model_copy(update={"mean": (0.1, 0.1, 0.1)}))

    assert not np.allclose(plain.describe(ramp(1)), shifted.describe(ramp(1)))
    assert plain.identity != shifted.identity


def test_an_altered_file_is_refused(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    """The message has both hashes and the file."""
    path = tmp_path / "w.safetensors"
    save_file(state, path)
    wrong = spec(path).model_copy(update={"weights": WeightsFile(file=path, sha256="0" * 64)})

    with pytest.raises(
        WeightsError, match=rf"w\.safetensors: sha256 is .*params.yaml says {'0' * 64}"
    ):
        catalog.create("x", wrong)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With what to do about it."""
    missing = WeightsFile(file=tmp_path / "gone.safetensors", sha256="0" * 64)

    with pytest.raises(WeightsError, match=r"gone\.safetensors: weights cannot be read .*download"):
        catalog.create("x", Expert(catalog="timm", model=MODEL, weights=missing))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"no weights at all", "holds no weights we can read", id="text"),
        pytest.param(b"hello world", "holds no weights we can read", id="more-text"),
        pytest.param(b"", "holds no weights we can read", id="empty"),
        pytest.param(None, "has no parameters by name", id="no-state-dict"),
    ],
)
def test_a_file_that_holds_no_weights_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """Without running whatever is pickled in it."""
    path = tmp_path / "w.pth"
    if content is None:
        torch.save({"epoch": 3}, path)
    else:
        path.write_bytes(content)

    with pytest.raises(WeightsError, match=message):
        catalog.create("x", spec(path))


def test_weights_of_another_network_are_refused(
    tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    """Silently loading the parts that fit would leave the rest to chance."""
    path = tmp_path / "w.safetensors"
    save_file({k: v for k, v in state.items() if "blocks.3" not in k}, path)

    with pytest.raises(WeightsError, match=r"missing \(blocks\.3.*check `model`"):
        catalog.create("x", spec(path))


@pytest.mark.parametrize("entry", ["timm", "torchvision_clip"])
def test_weights_that_are_not_mentioned_are_an_error(entry: str) -> None:
    """Random weights are for those who ask for them."""
    model = MODEL if entry == "timm" else "r3d_18"

    with pytest.raises(ParamsError, match=r"experts\.x: `weights` is missing"):
        catalog.create("x", Expert(catalog=entry, model=model))


def test_a_misspelt_model_is_met_with_a_suggestion() -> None:
    """Of timm's thousand names the near ones."""
    with pytest.raises(
        ParamsError, match=r"no model 'mobilenetv3_smal'; did you mean mobilenetv3_"
    ):
        catalog.create("x", Expert(catalog="timm", model="mobilenetv3_smal", weights="random"))


def test_a_hub_out_of_reach_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a silent random network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "/nonexistent")

    with pytest.raises(WeightsError, match=r"experts\.x: .*no weights from the hub .*sha256: HASH"):
        catalog.create("x", Expert(catalog="timm", model="mobilenetv3_small_050", weights="hub"))


def test_random_weights_depend_on_the_name_alone() -> None:
    """The control is the same in every process; two controls differ; the caller's chance stays."""
    spec = Expert(catalog="timm", model=MODEL, weights="random", side_px=32)
    torch.manual_seed(1)
    before = torch.get_rng_state()

    one, again, other = (catalog.create(name, spec) for name in ("a", "a", "b"))

    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(one.describe(ramp(1)), again.describe(ramp(1)))
    assert not np.allclose(one.describe(ramp(1)), other.describe(ramp(1)))
    assert one.identity == again.identity != other.identity
    assert "random" in one.tags.pretext


@pytest.mark.parametrize(("model", "file", "dim"), REAL, ids=[file for _, file, _ in REAL])
def test_real_weights_load_by_params_alone(model: str, file: str, dim: int) -> None:
    """Five networks of other people, with their own padding and normalisation."""
    path = ASSETS / "weights" / f"{file}.safetensors"
    if not path.exists():
        pytest.skip(f"{path} is not here; set VQ_ASSETS to the folder of the assets")
    half = (0.5, 0.5, 0.5)
    given = Expert(
        catalog="timm",
        model=model,
        weights=hashed(path),
        options={"pad_type": "same"},
        mean=half,
        std=half,
        side_px=64,
        tags={"pretext": "as it says"},
    )

    expert = catalog.create(file.split(".")[1], given)

    found = expert.describe(ramp(2))
    assert found.shape == (2, dim)
    assert np.isfinite(found).all()
    assert found.std() > 0.01
    assert expert.tags.pretext == "as it says"


@pytest.mark.parametrize(
    ("layer", "levels"), [(1, [1]), ((1, 3), [1, 3]), ((3, 1), [1, 3])], ids=["one", "two", "order"]
)
def test_feature_levels_are_pooled(
    tmp_path: Path, state: dict[str, torch.Tensor], layer: int | tuple[int, ...], levels: list[int]
) -> None:
    """Mean and deviation of each channel, as timm's own `features_only` has the maps."""
    path = tmp_path / "w.safetensors"
    save_file(state, path)
    reference = timm.create_model(MODEL, features_only=True, out_indices=levels)
    reference.load_state_dict({k: v for k, v in state.items() if k in reference.state_dict()})

    expert = catalog.create("x", spec(path).model_copy(update={"layer": layer}))

    pixels = ramp(1, 32, 32)
    cfg = timm.get_pretrained_cfg(MODEL)
    scaled = torch.tensor((pixels / 255.0 - cfg.mean) / cfg.std, dtype=torch.float32)
    with torch.inference_mode():
        maps = reference.eval()(scaled.permute(0, 3, 1, 2))
    expected = [m.mean((2, 3)) for m in maps] + [m.std((2, 3), correction=0) for m in maps]
    np.testing.assert_allclose(
        expert.describe(pixels), torch.cat(expected, 1).numpy(), rtol=1e-3, atol=2e-3
    )
    whole = catalog.create("x", spec(path))
    assert expert.identity != whole.identity
    assert expert.gmacs < whole.gmacs or levels[-1] > 3


@pytest.mark.parametrize("layer", [9, (1, 1)])
def test_a_feature_level_that_is_not_there_is_refused(layer: int | tuple[int, ...]) -> None:
    """With those that are."""
    wrong = Expert(catalog="timm", model=MODEL, weights="random", layer=layer)

    with pytest.raises(ParamsError, match=rf"`layer` is .*levels of {MODEL} are 0 to 4"):
        catalog.create("x", wrong)


def test_a_size_that_a_network_cannot_take_is_refused() -> None:
    """Not a traceback of its layers."""
    model = "swin_tiny_patch4_window7_224"
    wrong = Expert(catalog="timm", model=model, weights="random", side_px=2)

    with pytest.raises(ParamsError, match=r"experts\.x: .*side_px"):
        catalog.create("x", wrong)
