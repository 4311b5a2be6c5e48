"""Weights of hubs: what came first is what counts, and a change is refused.

Hubs are out of reach here: their libraries find files in their own caches, laid out as they do.
"""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision import models

from vq.errors import WeightsError
from vq.footage.store import hash_of
from vq.params import Expert
from vq.zoo import catalog, hub, hub_lock
from vq.zoo.hub_lock import HubLock
from vq.zoo.weights import chance

MODEL = "mobilenetv3_small_050"
CFG = timm.get_pretrained_cfg(MODEL)
ADDRESS = f"hf-hub:{CFG.hf_hub_id}/model.safetensors"
COMMIT = "0" * 40


@pytest.fixture
def hub_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights in the cache of the Hugging Face hub, which is offline."""
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    repository = cache / f"models--{CFG.hf_hub_id.replace('/', '--')}"
    path = repository / "snapshots" / COMMIT / "model.safetensors"
    path.parent.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    write(path, "trained")
    return path


def write(path: Path, name: str) -> None:
    """Weights of a network with classifier, by chance and a name."""
    with chance(name):
        save_file(timm.create_model(MODEL, num_classes=1000).state_dict(), path)


def test_the_first_hash_is_written_and_holds(tmp_path: Path, hub_file: Path) -> None:
    """The next download with other bytes is refused, in a sentence with both ways out."""
    lock = HubLock(tmp_path / "hub.lock")
    spec = Expert(catalog="timm", model=MODEL, weights="hub", side_px=32)

    first = catalog.create("small", spec, lock=lock)

    assert f"{ADDRESS}: {hash_of(hub_file)}\n" in lock.path.read_text()
    written = lock.path.read_bytes()
    assert catalog.create("small", spec, lock=lock).identity == first.identity
    assert lock.path.read_bytes() == written
    write(hub_file, "trained on")
    with pytest.raises(
        WeightsError,
        match=rf"sha256 is {hash_of(hub_file)}, .*hub\.lock says [0-9a-f]{{64}}; delete .*trust",
    ):
        catalog.create("small", spec, lock=lock)
    assert lock.path.read_bytes() == written
    assert catalog.create("small", spec).identity != first.identity


def test_what_is_hashed_is_what_timm_loads(hub_file: Path) -> None:
    """To the bit as timm loads it by itself."""
    theirs = timm.create_model(MODEL, pretrained=True, num_classes=0).state_dict()
    overlay = hub.timm_overlay(CFG, hub.of_timm(CFG))
    options = {"pretrained_cfg_overlay": overlay, "num_classes": 0}
    ours = timm.create_model(MODEL, pretrained=True, **options).state_dict()

    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_clip_network_has_its_hash_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the address that torchvision has for it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    url = models.get_model_weights("s3d").DEFAULT.url
    path = tmp_path / "hub/checkpoints" / url.rpartition("/")[2]
    path.parent.mkdir(parents=True)
    with chance("trained"):
        torch.save(models.get_model("s3d", weights=None).state_dict(), path)
    lock = HubLock(tmp_path / "hub.lock")
    spec = Expert(catalog="torchvision_clip", model="s3d", weights="hub")

    catalog.create("clip", spec, lock=lock)

    assert f"{url}: {hash_of(path)}\n" in lock.path.read_text()
    lock.path.write_text(lock.path.read_text().replace(hash_of(path), "f" * 64))
    with pytest.raises(WeightsError, match=rf"sha256 is {hash_of(path)}, .*says fff"):
        catalog.create("clip", spec, lock=lock)


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "files: {a: short}\n"], ids=["merge", "hash"])
def test_hashes_that_cannot_be_read_are_no_reason_to_trust_anything(
    tmp_path: Path, hub_file: Path, text: str
) -> None:
    """File and remedy are named, and the file stays as it is."""
    path = tmp_path / "hub.lock"
    path.write_text(text)

    with pytest.raises(WeightsError, match=r"hub\.lock: .*take the file from git again"):
        HubLock(path).check(hub_lock.HubFile(ADDRESS, hub_file))

    assert path.read_text() == text


def test_the_file_of_the_project_is_as_it_is_written() -> None:
    """Another head would be a change in each clone."""
    text = Path(__file__).parents[2].joinpath("weights", hub_lock.FILE).read_text()

    assert text.startswith(hub_lock.HEAD)
