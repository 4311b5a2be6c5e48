"""Networks at work: the same numbers as the module's, alone or in company, here or elsewhere."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.zoo.experts import SPECS, noise, ramp
from vq import params
from vq.errors import ParamsError, VqError, WeightsError
from vq.models.onnx_export import WithNormalization
from vq.zoo import catalog, extract
from vq.zoo.runtime import Network

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


class Small(nn.Module):
    """A convolution, an activation and a mean over whatever size there is."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.filters = nn.Conv2d(3, 8, 3, stride=2, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures."""
        return self.filters(pictures).relu().mean((2, 3))


class Fixed(Small):
    """Multiplies by its input's height as Python sees it: a trace takes that for a constant."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures."""
        return super().forward(pictures) * float(pictures.shape[2])


class Unknown(Small):
    """Does what the exporter has no word for."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures."""
        return torch.linalg.svdvals(super().forward(pictures)[:, None])


class MViT(Small):
    """Has the name of a torchvision model that no trace gets right."""


def test_pixels_are_normalised_inside() -> None:
    """(rgb / 255 - mean) / std, then the network: torch is the reference."""
    pixels, small = noise(2, 20, 30, 3), Small()

    found = Network(WithNormalization(small, MEAN, STD))(pixels)

    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).double() / 255
    mean, std = (torch.tensor(value).double().view(3, 1, 1) for value in (MEAN, STD))
    with torch.inference_mode():
        expected = small.double()((scaled - mean) / std).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["distortion", "timm"])
def test_a_row_does_not_depend_on_the_others(name: str) -> None:
    """Bit by bit: a frame described alone is the frame described among others."""
    expert = catalog.create(name, SPECS[name])
    pixels = np.concatenate([ramp(3), noise(2, 72, 96, 3)])

    together = expert.describe(pixels)

    alone = [expert.describe(frame[None]) for frame in reversed(pixels)]
    np.testing.assert_array_equal(together, np.concatenate(alone[::-1]))


def test_one_graph_serves_pictures_of_every_size() -> None:
    """Free axes cost one export; the numbers are those of the module."""
    seen = WithNormalization(Small(), MEAN, STD)
    network = Network(seen, free=(1, 2))

    for size in ((20, 30), (33, 17), (1, 1), (384, 640)):
        pixels = noise(1, *size, 3)
        with torch.inference_mode():
            expected = seen(torch.from_numpy(pixels)).numpy()
        np.testing.assert_allclose(network(pixels), expected, rtol=1e-4, atol=1e-5)

    assert len(network.graphs) == 1


def test_without_free_axes_each_size_has_its_graph() -> None:
    """What depends on the size in ways a trace cannot see is right all the same."""
    seen = WithNormalization(Fixed(), MEAN, STD)
    network = Network(seen)

    for size in ((20, 30), (33, 17)):
        pixels = noise(1, *size, 3)
        with torch.inference_mode():
            expected = seen(torch.from_numpy(pixels)).numpy()
        np.testing.assert_allclose(network(pixels), expected, rtol=1e-4, atol=1e-5)

    assert len(network.graphs) == 2


def test_a_graph_that_says_something_else_is_refused() -> None:
    """A size that became a constant would otherwise give wrong features for ever."""
    with pytest.raises(WeightsError, match=r"another network as ONNX: for pixels of \(1, 31, 46"):
        Network(WithNormalization(Fixed(), MEAN, STD), free=(1, 2))(noise(1, 20, 30, 3))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        pytest.param(Unknown(), "svd", id="no-such-operator"),
        pytest.param(MViT(), "it is a MViT", id="known-to-fail"),
    ],
)
def test_what_cannot_be_exported_is_said(
    network: nn.Module, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The exporter's own words name the operator; its graph is not poured out."""
    with pytest.raises(WeightsError, match=rf"cannot be exported to ONNX: .*{reason}"):
        Network(WithNormalization(network, MEAN, STD))(noise(1, 20, 30, 3))
    assert capfd.readouterr().out == ""


def test_a_graph_that_is_refused_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime's own words too: here, of a file that is no graph."""

    def export(*given: object, **_: object) -> None:
        Path(str(given[2])).write_bytes(b"no graph")

    monkeypatch.setattr(torch.onnx, "export", export)
    with pytest.raises(WeightsError, match=r"ONNX Runtime refuses its graph \(.*0\.onnx"):
        Network(WithNormalization(Small(), MEAN, STD))(noise(1, 20, 30, 3))


def test_a_network_travels_without_torch(tmp_path: Path) -> None:
    """Another process gets the same bits, and loads no torch for it."""
    expert = catalog.create("distortion", SPECS["distortion"])
    expected = expert.describe(ramp())
    (tmp_path / "expert").write_bytes(pickle.dumps(expert))
    np.save(tmp_path / "pixels.npy", ramp())
    code = (
        "import pickle, sys, pathlib, numpy as np; folder = pathlib.Path(sys.argv[1]);"
        "expert = pickle.loads((folder / 'expert').read_bytes());"
        "np.save(folder / 'rows.npy', expert.describe(np.load(folder / 'pixels.npy')));"
        "sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), expected)


def test_a_network_that_travelled_knows_what_it_was_shown() -> None:
    """It has no module to export, and says so instead of guessing."""
    network = Network(WithNormalization(Small(), MEAN, STD))
    network(noise(1, 20, 30, 3))
    sent = pickle.loads(pickle.dumps(network))

    np.testing.assert_array_equal(sent(noise(1, 20, 30, 3)), network(noise(1, 20, 30, 3)))
    with pytest.raises(VqError, match=r"no graph for pixels of \(1, 21, 30, 3\)"):
        sent(noise(1, 21, 30, 3))


def test_torch_runs_it_where_onnx_cannot() -> None:
    """The same numbers up to rounding; it is slower."""
    network = Network(WithNormalization(Unknown(), MEAN, STD))
    pixels = noise(3, 20, 30, 3)
    network.use("torch")

    found = network(pixels)

    with torch.inference_mode():
        expected = network.module(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_array_equal(found[1], network(pixels[1:2])[0])


def test_half_precision_is_close() -> None:
    """What a GPU does, on a CPU: bf16 has 8 bits, so that some percent are what it costs."""
    network = Network(WithNormalization(Small(), MEAN, STD))
    pixels = noise(2, 20, 30, 3)

    found = network.eager(pixels, device="cpu", half=True)

    assert found.dtype == np.float32
    expected = network(pixels)
    assert 1e-6 < np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said_at_once() -> None:
    """Nothing falls back to the CPU in silence."""
    with pytest.raises(ParamsError, match=r"extract\.runtime: cuda, but torch sees no GPU"):
        Network(WithNormalization(Small(), MEAN, STD)).use("cuda")


def test_what_runs_a_network_decides_its_key() -> None:
    """Features of another runtime are other features; an expert that is no network has one key."""
    settings = params.load(Path("params.yaml")).extract
    chosen = {name: settings.experts[name] for name in ("distortion", "picture_statistics")}
    settings = settings.model_copy(update={"experts": chosen})
    experts = extract.create(settings)

    keys = [
        extract.plan(settings.model_copy(update={"runtime": runtime}), experts, Path()).keys
        for runtime in ("onnx", "torch", "cuda")
    ]

    assert len({key["distortion"] for key in keys}) == 3
    assert len({key["picture_statistics"] for key in keys}) == 1
