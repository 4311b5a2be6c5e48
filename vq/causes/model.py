"""From the evidence of a video to the probability of each cause; numpy alone.

A few small networks of one hidden layer share the work. Their inputs are standardised and squashed,
so that a film unlike all others is an extreme one and no more; their mean is calibrated for each
cause (Platt, 1999) on films of contents that the networks did not see.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vq.causes import evidence
from vq.causes.vocabulary import CAUSES
from vq.errors import WeightsError
from vq.video.shapes import Float64

FOLDER = Path(__file__).parent / "shipped"
DIGITS = 3
"""Of a probability: finer ones say nothing, and machines may differ in them."""
FORMAT = 1
REACH = 3.0
"""Standard deviations at which an input is squashed to tanh(1)."""


@dataclass(frozen=True, eq=False)
class CausesModel:
    """Networks and calibration."""

    names: tuple[str, ...]
    """Of the evidence, in the order of the inputs."""
    centre: Float64[np.ndarray, " evidence"]
    spread: Float64[np.ndarray, " evidence"]
    hidden: Float64[np.ndarray, "networks evidence units"]
    hidden_bias: Float64[np.ndarray, "networks units"]
    output: Float64[np.ndarray, "networks units causes"]
    output_bias: Float64[np.ndarray, "networks causes"]
    slope: Float64[np.ndarray, " causes"]
    """Of the calibration, on the mean logit."""
    offset: Float64[np.ndarray, " causes"]

    def inputs(self, numbers: Mapping[str, float]) -> Float64[np.ndarray, " evidence"]:
        """The evidence as networks take it; what is not finite counts as usual."""
        values = np.array([numbers[name] for name in self.names], np.float64)
        scaled = (values - self.centre) / self.spread / REACH
        return np.tanh(np.nan_to_num(scaled, nan=0.0, posinf=9.0, neginf=-9.0))

    def probabilities(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """Of each cause, the highest first; equals in the order of the vocabulary."""
        # Sums of products in a fixed order: no library of matrices, whose order may differ.
        hidden = np.einsum("e,neu->nu", self.inputs(numbers), self.hidden) + self.hidden_bias
        each = np.einsum("nu,nuc->nc", np.maximum(hidden, 0), self.output) + self.output_bias
        logits = np.clip(self.slope * each.mean(0) + self.offset, -30, 30)
        chances = (1 / (1 + np.exp(-logits))).round(DIGITS).tolist()
        order = sorted(range(len(CAUSES)), key=lambda place: (-logits[place], place))
        names = list(CAUSES)
        return {names[place]: chances[place] for place in order}


def of(path: Path) -> dict[str, float]:
    """What is wrong with a video: probability of each cause, the highest first.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
        WeightsError: the model of the package is missing or damaged.
    """
    return shipped().probabilities(evidence.measure(path))


@cache
def shipped() -> CausesModel:
    """The model that is part of the package."""
    return load(FOLDER)


def load(folder: Path) -> CausesModel:
    """Read `causes.npz` and `causes.json`.

    Raises:
        WeightsError: a file is missing, or they are of another version of the package.
    """
    path = folder / "causes.npz"
    try:
        card = json.loads((folder / "causes.json").read_text(encoding="utf-8"))
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float64) for name in file.files}
        if card["format"] != FORMAT or card["causes"] != list(CAUSES):
            raise WeightsError(f"{folder}: is of another version of vq; install the package anew")
        return CausesModel(tuple(card["evidence"]), **arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: cannot be read ({error}); install the package anew") from error


def save(model: CausesModel, folder: Path, card: Mapping[str, object]) -> None:
    """Write the files of a model; `card` says where it comes from."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: value for name, value in vars(model).items() if name != "names"}
    small = {
        name: value.astype(np.float16 if name in ("hidden", "output") else np.float32)
        for name, value in arrays.items()
    }
    np.savez_compressed(folder / "causes.npz", **small)
    facts = {"format": FORMAT, "causes": list(CAUSES), **card, "evidence": list(model.names)}
    (folder / "causes.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
