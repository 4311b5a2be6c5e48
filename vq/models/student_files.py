"""The student as files: `student.safetensors` to train on, `student.onnx` to score with."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vq.errors import ParamsError, WeightsError
from vq.models import builtin_weights
from vq.models.student import Pixels, Student
from vq.models.student_onnx import export
from vq.params import Inputs
from vq.video.views import ViewSpec

NAME = "student.safetensors"
"""File with the weights to train on."""


def build(
    backbone: str | None,
    *,
    start: str,
    stages: tuple[int, ...] | None,
    every: int = 1,
    inputs: Inputs = "all",
    dither: float = 0.0,
    sharpen: float = 0.0,
    dim: int,
    levels: int,
    dropout: float = 0.0,
    others: int = 0,
) -> Student:
    """A student before training; see `Pixels` and `Student` for their parts.

    It starts from `random` weights, from a built-in network of that name, or from the folder of an
    earlier student, which has a slash in it. Without a backbone (timm name) it is that of the
    start, a built-in network then; without stages (feature levels that are pooled), they are those
    of the start. The conversion reads `answers` to what the start was pretrained to tell, the share
    of moments that repeat and the jump behind them, or `all`: pooled levels and motion as well.

    Raises:
        ParamsError: no such backbone, starting weights for another one, none of either where the
            start does not tell, or d_s = D.
        WeightsError: there are no such starting weights, or they cannot be had.
    """

    def student(trunk: Pixels) -> Student:
        return Student(trunk, dim=dim, levels=levels, dropout=dropout, others=others)

    backbone = architecture(backbone, start)
    if stages is None:
        stages = _card(start, "stages").levels
    pixels = partial(
        Pixels,
        backbone,
        stages=stages,
        every=every,
        answers_only=inputs == "answers",
        dither=dither,
        sharpen=sharpen,
    )
    if start == "random":
        return student(pixels())
    if earlier(start):
        state = _weights(Path(start))
        bias = state.get("trunk.answers.bias")
        count = 0 if bias is None else len(bias)
        whole = student(pixels(answers=count))
        _fit_in(whole, state, start)
        return whole
    card = builtin_weights.card(start)
    if card.architecture != backbone:
        raise ParamsError(
            f"student.start: {start} is a {card.architecture}, student.backbone is {backbone}; "
            "make them agree, or start from random"
        )
    # The heads of pretraining need all of its feature levels.
    answers = builtin_weights.answers(start) if stages == card.levels else None
    trunk = pixels(pooling=card.pooling, answers=answers.out_features if answers else 0)
    trunk.mean.copy_(torch.tensor(card.mean).view(3, 1, 1))
    trunk.std.copy_(torch.tensor(card.std).view(3, 1, 1))
    weights = builtin_weights.load(start).state_dict()
    # A student may stop at an earlier feature level than the network was pretrained with.
    trunk.backbone.load_state_dict({name: weights[name] for name in trunk.backbone.state_dict()})
    if answers and trunk.answers:
        trunk.answers.load_state_dict(answers.state_dict())
    return student(trunk)


def architecture(backbone: str | None, start: str) -> str:
    """The timm name of the backbone: as params have it, or that of the start.

    Raises:
        ParamsError: neither tells.
        WeightsError: there is no such start.
    """
    return backbone or _card(start, "backbone").architecture


def _card(start: str, knob: str) -> builtin_weights.Card:
    if start == "random" or earlier(start):
        raise ParamsError(
            f"student.{knob} is empty, and student.start, {start}, does not say which"
        )
    return builtin_weights.card(start)


def earlier(start: str) -> bool:
    """Is this start the folder of an earlier student; names of networks have no slash."""
    return "/" in start


def start_hash(start: str) -> str:
    """What stands for the weights that a student starts from.

    Raises:
        WeightsError: there are none.
    """
    if start == "random":
        return start
    if not earlier(start):
        return builtin_weights.card(start).sha256
    _weights(Path(start))
    return hashlib.sha256((Path(start) / NAME).read_bytes()).hexdigest()


def save(student: Student, folder: Path, *, views: ViewSpec) -> str:
    """Write both networks into a folder, and return the sha256 of the one that scores."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(student.state_dict(), folder / NAME)
    network = folder / "student.onnx"
    export(student, network, moments=views.moments, side_px=views.side_px)
    return hashlib.sha256(network.read_bytes()).hexdigest()


def _fit_in(student: Student, state: Mapping[str, Tensor], start: str) -> None:
    """Give a student the weights of an earlier one, whatever that learnt of other data sets."""
    expected = student.state_dict()
    kept = {name: value for name, value in state.items() if not name.startswith("alignment.")}
    wrong = [
        name
        for name, value in expected.items()
        if not name.startswith("alignment.")
        and (name not in kept or kept[name].shape != value.shape)
    ]
    if wrong or kept.keys() - expected.keys():
        first = (wrong or sorted(kept.keys() - expected.keys()))[0]
        raise ParamsError(
            f"student.start: the student in {start} was built otherwise ({first}); set "
            "student.backbone and stages, training.dim and training.levels as they were then"
        )
    student.load_state_dict(kept, strict=False)


def _weights(folder: Path) -> dict[str, Tensor]:
    file = folder / NAME
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{file}: cannot be read ({error}); it is written by `dvc repro distill`, beside the "
            "network that scores"
        ) from error
