"""What MLflow loads of a student takes the parameters of `vq score`."""

from pathlib import Path

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from tests.conftest import moving, write_video
from tests.scoring.test_modes import KNOWN
from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.inference import runtime
from vq.registry.pyfunc import Scorer


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A request for one video, which has keyframes that are cheap to decode."""
    path = tmp_path_factory.mktemp("videos") / "clip.mp4"
    shape = {"width": 64, "height": 48, "pix_fmt": "yuv420p"}
    write_video(path, 120, codec="libx264", picture=moving, options={"g": "20"}, **shape)
    return pd.DataFrame({"video": [str(path)]})


@pytest.mark.parametrize(
    ("params", "mode"),
    [
        pytest.param(None, "exact", id="none"),
        pytest.param({"mode": "fast", "budget_ms": None}, "fast", id="mode"),
        pytest.param({"mode": "exact", "budget_ms": 1.0}, "fast", id="small-budget"),
        pytest.param({"mode": "exact", "budget_ms": 1e6}, "thorough", id="large-budget"),
    ],
)
def test_parameters_say_how_closely_to_look(
    tmp_path: Path, videos: pd.DataFrame, params: dict[str, object] | None, mode: str
) -> None:
    """As `--mode` and `--max-ms` do, with the same score."""
    model = runtime.load(write_bundle(tmp_path, *BRIGHTNESS, modes=KNOWN, moments=5))

    (row,) = Scorer(model).predict(videos, params).to_dict("records")

    assert row["mode"] == mode
    assert row["score"] == model.score(videos["video"][0], mode=mode).score


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({"mode": "quick"}, "one of fast, exact, thorough, got 'quick'", id="unknown"),
        pytest.param({"mode": None}, "one of fast, exact, thorough, got None", id="null"),
        pytest.param({"mode": "fast"}, "no mode fast: it was calibrated for exact", id="not-ours"),
        pytest.param({"budget_ms": -1.0}, "a number above 0, got -1.0", id="negative"),
    ],
)
def test_a_wrong_parameter_is_named(
    tmp_path: Path, videos: pd.DataFrame, params: dict[str, object], message: str
) -> None:
    """By MLflow's own error, since its server passes the text of no other on."""
    scorer = Scorer(runtime.load(write_bundle(tmp_path, *BRIGHTNESS)))

    with pytest.raises(MlflowException, match=message):
        scorer.predict(videos, params)
