"""Experts of other packages: a real package, in a folder that is on the path."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import importlib_metadata  # noqa: F401 - as a library here does: its entry points take over
import numpy as np
import pytest

from tests.zoo.experts import ramp
from vq import cli
from vq.errors import ParamsError, VqError
from vq.params import Expert as Spec
from vq.zoo import catalog
from vq.zoo.expert import Expert

GOOD = """
from dataclasses import dataclass
import numpy as np
from vq.zoo.expert import Tags

@dataclass
class Mean:
    scale: float
    kind: str = "image"
    dim: int = 3
    dtype: str = "float32"
    version: int = 1
    parameters: int = 0
    gmacs: float = 0.001
    tags: Tags = Tags("handcrafted", "mean colour", "none", "MIT")

    @property
    def identity(self):
        return str(self.scale)

    def describe(self, pixels):
        return (pixels.mean((1, 2)) * self.scale).astype(np.float32)

def create(name, spec):
    return Mean(float(spec.options.get("scale", 1)))
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package into a folder, as pip install --target does."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(code: str, entry: str = "mean_colour", package: str = "colours") -> None:
        (tmp_path / f"{package}.py").write_text(code)
        info = tmp_path / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        points = f"[vq.experts]\n{entry} = {package}:create\n"
        (info / "entry_points.txt").write_text(points)
        sys.modules.pop(package, None)
        importlib.invalidate_caches()

    return install


def test_an_expert_of_another_package_is_used_by_its_name(install: Install) -> None:
    """With options of its own; its key has all that it says of itself."""
    install(GOOD)

    expert = catalog.create("mine", Spec(catalog="mean_colour", options={"scale": 2}))

    assert isinstance(expert, Expert)
    assert (expert.name, expert.catalog, expert.dim) == ("mine", "mean_colour", 3)
    assert expert.tags.pretext == "mean colour"
    pixels = ramp(2)
    np.testing.assert_allclose(expert.describe(pixels), 2 * pixels.mean((1, 2)), rtol=1e-6)
    other = catalog.create("mine", Spec(catalog="mean_colour"))
    keys = {catalog.key(e, moments=8, clip_frames=4) for e in (expert, other)}
    assert len(keys) == 2


def test_the_list_has_it(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """With the package, which is not loaded for it."""
    install("raise RuntimeError('loaded')")

    assert cli.main(["zoo"]) == 0

    assert "of package colours 1.2" in capsys.readouterr().out


def test_a_typo_is_met_with_its_name(install: Install) -> None:
    """As with names of the catalog."""
    install(GOOD)

    with pytest.raises(ParamsError, match=r"no 'mean_color'; did you mean mean_colour"):
        catalog.create("mean_color", Spec())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("import no_such_thing", r"ModuleNotFoundError: .*no_such_thing", id="import"),
        pytest.param("def make(): pass", r"AttributeError.*create", id="no-function"),
        pytest.param("def create(name, spec): raise KeyError('x')", "KeyError: 'x'", id="fails"),
        pytest.param(
            "def create(name, spec): return 3", r"gives int, .*no kind, dim", id="no-expert"
        ),
        pytest.param(
            GOOD.replace('"image"', '"video"'), r"kind is 'video'; see vq.zoo.expert", id="kind"
        ),
    ],
)
def test_a_broken_package_is_named(install: Install, code: str, message: str) -> None:
    """One error, with the package in it; no traceback of a stranger's code."""
    install(code)

    with pytest.raises(ParamsError, match=rf"experts\.mine, of package colours 1\.2: .*{message}"):
        catalog.create("mine", Spec(catalog="mean_colour"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("raise ZeroDivisionError", "describe fails .ZeroDivisionError", id="raises"),
        pytest.param("return pixels", r"gives \(2, 72, 96, 3\), not \(2, 3\)", id="shape"),
        pytest.param("return None", r"gives NoneType, not \(2, 3\)", id="nothing"),
    ],
)
def test_a_package_that_breaks_later_is_named(install: Install, line: str, message: str) -> None:
    """In the middle of an extraction, too."""
    install(GOOD.replace("return (pixels.mean((1, 2)) * self.scale).astype(np.float32)", line))
    expert = catalog.create("mine", Spec(catalog="mean_colour"))

    with pytest.raises(VqError, match=rf"mine, of package colours 1\.2: .*{message}"):
        expert.describe(ramp(2))


def test_two_packages_with_one_name_are_refused(install: Install) -> None:
    """Which of them it is must not depend on the order of a path."""
    install(GOOD)
    install(GOOD, package="paints")

    with pytest.raises(ParamsError, match=r"offered by colours 1\.2 and paints 1\.2; uninstall"):
        catalog.create("mean_colour", Spec())
