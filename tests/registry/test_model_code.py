"""A registered model runs where nobody has installed `vq`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from mlflow.artifacts import download_artifacts

import vq
from tests.registry.students import GOOD, Make, release, same
from tests.scoring.toy import write_video
from tests.workspace import ROOT
from vq.errors import VqError
from vq.registry import address, model_code
from vq.registry.source import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PREDICT = """
import importlib.util, json, sys
from importlib.metadata import version
import mlflow, pandas
model = mlflow.pyfunc.load_model("models:/vq-student@champion")
(row,) = model.predict(pandas.DataFrame({"video": sys.argv[1:]})).to_dict("records")
import vq
packages = {name for name in ("torch", "timm", "dvc", "prefect") if importlib.util.find_spec(name)}
json.dump([row["score"], vq.__file__, version("vq"), sorted(packages)], sys.stdout)
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """A virtual environment with nothing in it; it goes at the end, since MLflow makes it large."""
    pytest.importorskip("uv", reason="`make setup` installs it")
    folder = tmp_path / "environment"
    uv("venv", str(folder), "--python", sys.executable)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_an_empty_environment_needs_only_the_model(
    candidate: Make, root: Path, environment: Path
) -> None:
    """Its requirements resolve, without torch; its code is its own; the score has the same bits."""
    release(candidate(GOOD), root)
    model = Path(download_artifacts("models:/vq-student@champion", dst_path=str(root / "model")))
    video = write_video(root / "red.mkv", level=partial(same, 200))

    # As tested, and as in uv's cache; what the model names is exact in any case.
    lock = ("--constraint", str(ROOT / "requirements.lock"))
    uv("pip", "install", "--python", str(environment), *lock, "-r", str(model / "requirements.txt"))
    command = [str(environment / "bin/python"), "-c", PREDICT, str(video)]
    said = say(root, *command, MLFLOW_TRACKING_URI=address.tracking_uri(root))

    score, code, number, packages = json.loads(said)
    assert (model / "requirements.txt").read_text().split() == model_code.requirements()
    assert score == vq.load(root / "a" / "student").score(video).score
    assert Path(code).parts[-3:] == ("code", "vq", "__init__.py")
    assert number == installed("vq")
    assert packages == []


def test_every_requirement_is_one_version_of_a_package_that_has_an_owner() -> None:
    """`vq` is not among them: whoever takes that name on an index would run code here."""
    names, versions = zip(*(line.split("==") for line in model_code.requirements()), strict=True)

    assert names == ("av", "numpy", "onnxruntime", "pillow", "rich", "mlflow", "pandas")
    assert versions == tuple(map(installed, names))


@pytest.mark.parametrize(
    ("source", "number"),
    [
        pytest.param(Source(COMMIT), "+g0123456789ab", id="clean"),
        pytest.param(Source(COMMIT, ("params.yaml",)), "+g0123456789ab.dirty", id="dirty"),
        pytest.param(Source(""), "", id="outside-of-git"),
    ],
)
def test_the_version_has_the_commit(source: Source, number: str) -> None:
    """Whoever has the model finds the code in the repository."""
    assert model_code.version(source, ROOT) == installed("vq") + number


def test_the_commit_of_a_workspace_without_code_says_nothing(tmp_path: Path) -> None:
    """It is that of data and params; `vq` was installed."""
    assert model_code.version(Source(COMMIT), tmp_path) == installed("vq")


@pytest.mark.slow
def test_the_code_is_all_that_scoring_imports(tmp_path: Path) -> None:
    """`vq.load` too, for whoever has loaded the model before; no weights of others."""
    code, _ = model_code.copy_code(tmp_path / "code", "1.2+g0123456789ab", tmp_path)
    modules = {file.relative_to(tmp_path / "code") for file in Path(code).rglob("*.*")}
    script = (
        "from importlib.metadata import version; import sys, vq, vq.registry.pyfunc as code; "
        "from vq.scoring.api import Isolated; print(version('vq'), vq.__file__, code.__file__)"
    )

    said = say(tmp_path, sys.executable, "-c", script, PYTHONPATH=str(tmp_path / "code"))

    assert said.split() == [
        "1.2+g0123456789ab",
        str(Path(code, "__init__.py")),
        str(Path(code, "registry/pyfunc.py")),
    ]
    assert {module.suffix for module in modules} == {".py"}
    assert Path("vq/training/loop.py") not in modules


def test_other_code_than_that_of_the_workspace_is_not_registered(tmp_path: Path) -> None:
    """Its version would name a commit that does not have it."""
    workspace = tmp_path / "workspace"
    (workspace / "vq").mkdir(parents=True)
    (workspace / "vq" / "__init__.py").write_text("# another\n")

    with pytest.raises(VqError, match="is not the code that runs here"):
        model_code.copy_code(tmp_path / "code", "1.2", workspace)


def uv(*arguments: str) -> None:
    """Call uv, which knows the index that pip is set to, as in `make setup`."""
    pip = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    site = subprocess.run(pip, capture_output=True, text=True, check=False).stdout.strip()
    variables = {"UV_DEFAULT_INDEX": site} if site else {}
    say(Path(), sys.executable, "-m", "uv", "--quiet", *arguments, **variables)


def say(folder: Path, *command: str, **variables: str) -> str:
    """What a process says that finds no module of this project by itself."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
