"""`vq zoo check`: what a new user tries first, and what may be wrong."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import moving, write_video
from tests.zoo.test_weights import MODEL
from vq import cli
from vq.commands.zoo_check import Sampling, check
from vq.zoo import catalog
from vq.zoo.image_quality import PictureStatistics

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A short one."""
    return write_video(tmp_path / "v.mkv", 12, width=64, height=48, picture=moving)


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Those of the project, in a folder of their own, with one more expert."""
    monkeypatch.chdir(tmp_path)
    first = "    spatial_statistics: {fusion: mean_std}\n"
    own = f"    mine: {{catalog: timm, model: {MODEL}, weights: WEIGHTS, side_px: 64}}\n"
    text = PARAMS.read_text(encoding="utf-8")
    assert text.count(first) == 1
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(first, first + own.replace("WEIGHTS", "random")))
    return path


def test_a_name_of_the_catalog_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without params and without a video: a generated one is shown."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["zoo", "check", "picture_statistics"]) == 0

    out = capsys.readouterr().out
    assert "8 frames, 320 x 240 px" in out
    assert "8 rows of 24, kept as float32" in out
    assert out.endswith("picture_statistics is fit for use\n")


def test_a_name_of_params_is_tried_as_they_say(
    params: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it costs, for machines."""
    assert cli.main(["zoo", "check", "mine", "--json", "--video", str(video)]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["catalog"] == "timm"
    assert found["same bits again"] is found["finite"] is True
    assert found["parameters"] == 568224
    assert found["gmacs a video"] == pytest.approx(4 * 0.002278, abs=5e-4)
    assert found["ms a video"] > 0
    assert found["pretext"] == "none: random weights"
    assert found["wrong"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["spacial_statistics"], "did you mean spatial_statistics", id="name"),
        pytest.param(["min"], "did you mean mine", id="name-of-params"),
        pytest.param(["mine", "--params", "gone.yaml"], "gone.yaml: ", id="params"),
        pytest.param(["mine", "--video", "gone.mp4"], "gone.mp4: ", id="no-video"),
        pytest.param(["mine", "--video", "params.yaml"], "params.yaml: ", id="broken-video"),
        pytest.param(["scnn"], "scnn takes weights: {file: PATH", id="no-weights"),
    ],
)
def test_a_wrong_input_is_one_clear_error(
    params: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, one line."""
    assert cli.main(["zoo", "check", *arguments]) == 1

    err = capsys.readouterr().err
    assert err.startswith("vq zoo: error: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "sha256", "message"),
    [
        pytest.param(None, "0" * 64, "w.pth: weights cannot be read", id="missing"),
        pytest.param(b"x", "0" * 64, "w.pth: sha256 is", id="altered"),
        pytest.param(b"x", None, "w.pth: holds no weights we can read", id="no-weights"),
    ],
)
def test_wrong_weights_are_one_clear_error(
    params: Path,
    content: bytes | None,
    sha256: str | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The file, and what to do."""
    if content is not None:
        Path("w.pth").write_bytes(content)
    digest = sha256 or hashlib.sha256(content or b"").hexdigest()
    given = f"weights: {{file: w.pth, sha256: '{digest}'}}"
    params.write_text(params.read_text().replace("weights: random", given))

    assert cli.main(["zoo", "check", "mine"]) == 1

    assert message in capsys.readouterr().err


@dataclass(frozen=True)
class Faulty(PictureStatistics):
    """Gives rows that were thought out for it."""

    rows: tuple[np.ndarray, ...] = ()

    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """Whatever comes next."""
        return next(self.rows)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("rows", "dtype", "fault"),
    [
        pytest.param(lambda n: [[n, np.nan]], "float32", "4 of 8 numbers are not finite", id="nan"),
        pytest.param(lambda n: [[n, 7e4]], "float16", "beyond 65504", id="large"),
        pytest.param(lambda n: [[n % 4 * 1e-6, 0]], "float16", "below 6.1e-05", id="small"),
        pytest.param(lambda n: [[1, 2]], "float32", "the same of every frame", id="constant"),
        pytest.param(lambda n: [[n, 0]], "float32", "something else of the same", id="random"),
        pytest.param(lambda n: [[n % 4]], "float32", "2 numbers a row, and gives 1", id="width"),
    ],
)
def test_what_is_wrong_is_said(rows, dtype: str, fault: str, video: Path) -> None:  # noqa: ANN001
    """Each fault in a sentence."""
    said = (np.array(rows(n), np.float32) for n in range(99))
    expert = replace(Faulty(), dim=2, dtype=dtype, rows=said)

    found = check(expert, video, Sampling(moments=4))

    assert [one for one in found.wrong if fault in one]


def test_what_is_right_is_not_blamed(video: Path) -> None:
    """Of every handcrafted expert."""
    for name in ("spatial_statistics", "picture_statistics", "temporal_statistics"):
        expert = catalog.create(name, catalog.Spec())
        assert check(expert, video, Sampling()).wrong == ()
