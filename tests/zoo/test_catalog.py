"""Every expert of the catalog keeps the promise of `Expert`; what is wrong in params is said."""

import subprocess
import sys

import numpy as np
import pytest

from tests.zoo.experts import SPECS, noise, ramp
from vq.errors import ParamsError
from vq.models import builtin_weights
from vq.params import Expert as Spec
from vq.zoo import catalog, presets, pretrained
from vq.zoo.expert import Expert

SIGHTS = {
    "black": np.zeros((3, 40, 56, 3), np.uint8),
    "white": np.full((3, 40, 56, 3), 255, np.uint8),
    "noise": noise(3, 96, 128, 3),
    "tiny": noise(3, 2, 2, 3),
    "narrow": noise(3, 64, 3, 3),
    "odd-size": noise(3, 67, 101, 3),
    "one-frame": noise(1, 40, 56, 3),
    "large": noise(2, 270, 480, 3),
}
_built: dict[str, Expert] = {}


@pytest.fixture
def expert(request: pytest.FixtureRequest) -> Expert:
    """An expert of a catalog entry, built once."""
    name = request.param
    if name == "distortion" and name not in builtin_weights.names():
        pytest.skip("its weights are not in this copy; `vq pretrain distortion` makes them")
    if name not in _built:
        _built[name] = catalog.create(name, SPECS[name])
    return _built[name]


def test_every_entry_is_tested() -> None:
    """A new line in the catalog needs a line in the tests.

    test_pretrained.py has those of pretrained.csv, test_packaged.py those of packaged.yaml, and
    test_onnx_file.py files of its own.
    """
    assert set(SPECS) == set(catalog.CATALOG) - set(pretrained.read()) - set(presets.read()) - {
        "onnx"
    }


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("expert", SPECS, indirect=True)
def test_whatever_it_sees_an_expert_says_finite_numbers(expert: Expert, sight: str) -> None:
    """One row for each frame, or one for the clip; of the promised size; the same every time."""
    found = expert.describe(SIGHTS[sight])

    rows = len(SIGHTS[sight]) if expert.kind == "image" else 1
    assert found.shape == (rows, expert.dim)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, expert.describe(SIGHTS[sight].copy()))


@pytest.mark.parametrize("expert", SPECS, indirect=True)
def test_different_pictures_are_described_differently(expert: Expert) -> None:
    """An expert that says the same of everything is none."""
    assert not np.allclose(
        expert.describe(noise(3, 72, 96, 3)), expert.describe(ramp(3)), rtol=1e-2
    )


@pytest.mark.parametrize("expert", SPECS, indirect=True)
def test_an_expert_says_what_its_entry_says(expert: Expert) -> None:
    """`vq zoo` and params see the same kind and dimension."""
    entry = catalog.CATALOG[expert.catalog]

    assert entry.kind == expert.kind
    assert entry.dim in (None, expert.dim)
    assert entry.parameters in (None, expert.parameters)
    assert entry.gmacs in (None, pytest.approx(8 * expert.gmacs, abs=1e-3))
    assert all(expert.tags.as_dict().values())
    assert expert.gmacs > 0
    assert (expert.parameters == 0) == (expert.tags.family == "handcrafted")


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        pytest.param(
            "distortion",
            2,
            [3.6922, 33.0097, 26.1274, 129.8345, 44.4966, 40.4215],
            id="distortion",
        ),
        pytest.param(
            "spatial_statistics",
            1,
            [1.910218, 0.878585, 0.451478, 2.092960, 0.934060, 0.511814],
            id="spatial",
        ),
        pytest.param(
            "picture_statistics",
            1,
            [1.058220, 2.216703, 2.205414, 17.900971, 1.992399, 1.526443],
            id="picture",
        ),
        pytest.param(
            "temporal_statistics",
            1,
            [14.569626, 15.368571, 2.082458, 3.092031, 1.930106, 1.823582],
            id="temporal",
        ),
    ],
)
def test_a_computation_cannot_change_unseen(name: str, version: int, expected: list[float]) -> None:
    """Other numbers need a higher `version` in the expert, or an old cache would serve them.

    Expected: sums of a few slices over a fixed clip, recorded with this version; eager torch gives
    the same for a network. The tolerance is for processors that add in another order.
    """
    expert = catalog.create(name, Spec())
    assert expert.version == version

    found = expert.describe(ramp()).astype(np.float64).mean(0)

    parts = [part.sum() for part in np.array_split(found, 6)]
    np.testing.assert_allclose(parts, expected, rtol=2e-4, atol=1e-5)


def test_a_misspelt_name_is_met_with_a_suggestion() -> None:
    """A typo costs a second, not a search."""
    with pytest.raises(ParamsError, match=r"experts\.spacial.*did you mean spatial_statistics"):
        catalog.create("spacial_statistics", Spec())


def test_a_setting_that_an_entry_cannot_use_is_refused() -> None:
    """A `side_px` that changes nothing would be believed to."""
    with pytest.raises(ParamsError, match=r"spatial_statistics takes no side_px"):
        catalog.create("spatial_statistics", Spec(side_px=64))


def test_the_key_stands_for_all_that_decides_a_feature() -> None:
    """Moments change every key, clip frames that of clip experts, fusion none."""
    image = catalog.create("a", Spec(catalog="spatial_statistics"))
    clip = catalog.create("b", Spec(catalog="temporal_statistics"))
    fused = catalog.create("a", Spec(catalog="spatial_statistics", fusion="attention"))

    def key(expert: Expert, moments: int = 8, clip_frames: int = 4) -> str:
        return catalog.key(expert, moments=moments, clip_frames=clip_frames)

    assert key(image) != key(image, moments=4)
    assert key(image) == key(image, clip_frames=2) == key(fused)
    assert key(clip) != key(clip, clip_frames=2)
    assert key(image).startswith("a-")


def test_the_catalog_is_there_without_torch() -> None:
    """`vq zoo` answers at once, and what reads features needs no torch at all."""
    code = (
        "import sys, vq.commands.zoo_listing, vq.features.store; sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
