"""What becomes of evidence: probabilities in order, from numpy alone."""

from pathlib import Path

import numpy as np
import pytest

from vq.causes import model
from vq.causes.model import CausesModel
from vq.causes.vocabulary import CAUSES
from vq.errors import WeightsError

COUNT = len(CAUSES)


def linear(slope: float = 1.0) -> CausesModel:
    """One network of one unit that gives its only number to the second cause."""
    output = np.zeros((1, 1, COUNT))
    output[0, 0, 1] = 10.0
    return CausesModel(
        names=("a",),
        centre=np.array([5.0]),
        spread=np.array([2.0]),
        hidden=np.ones((1, 1, 1)),
        hidden_bias=np.zeros((1, 1)),
        output=output,
        output_bias=np.zeros((1, COUNT)),
        slope=np.full(COUNT, slope),
        offset=np.zeros(COUNT),
    )


def test_a_probability_is_calibrated() -> None:
    """Of 11, three spreads above the centre: 10 tanh(1) before the calibration halves it."""
    expected = 1 / (1 + np.exp(-5 * np.tanh(1)))

    chances = linear(slope=0.5).probabilities({"a": 11.0})

    assert next(iter(chances.items())) == (list(CAUSES)[1], round(float(expected), 3))


def test_equals_keep_the_order_of_the_vocabulary() -> None:
    """The same answer every time; all causes have one."""
    assert list(linear().probabilities({"a": 5.0})) == list(CAUSES)
    assert set(linear().probabilities({"a": 5.0}).values()) == {0.5}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300], ids=str)
def test_odd_evidence_is_an_extreme_at_most(value: float) -> None:
    """No file gets a probability that is no number."""
    chances = linear().probabilities({"a": value})

    assert all(0 <= chance <= 1 for chance in chances.values())


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    """Weights are kept as float16, all else as float32."""
    model.save(linear(), tmp_path, {"seed": 1})

    assert model.load(tmp_path).probabilities({"a": 7.0}) == linear().probabilities({"a": 7.0})


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    """And what to do."""
    model.save(linear(), tmp_path, {"seed": 1})
    (tmp_path / "causes.npz").write_bytes(b"PK")

    with pytest.raises(WeightsError, match=r"causes\.npz: cannot be read .* install the package"):
        model.load(tmp_path)


def test_the_model_that_ships_fits_the_evidence_and_is_small() -> None:
    """Each number that it asks for is measured, and all of them are small files."""
    names = model.shipped().names
    size = sum(path.stat().st_size for path in model.FOLDER.iterdir())

    assert len(names) == len(set(names)) > 100
    assert size < 300_000
