"""The student as files: `student.safetensors` to train on, `student.onnx` to score with."""

import hashlib
from pathlib import Path

from safetensors.torch import load_file, save_file

from vq.errors import ParamsError, WeightsError
from vq.student.export import export
from vq.student.network import Pixels, Student
from vq.video.views import ViewSpec
from vq.zoo import builtin


def build(
    backbone: str,
    *,
    start: str,
    stages: tuple[int, ...],
    views: ViewSpec,
    dim: int,
    levels: int,
    dropout: float = 0.0,
    others: int = 0,
) -> Student:
    """A student before training; `start` says where its backbone starts.

    Raises:
        ParamsError: no such backbone, starting weights for another one, or d_s = D.
        WeightsError: there are no such starting weights, or they cannot be had.
    """
    mean, std = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    if start != "random":
        card = builtin.card(start)
        mean, std = card.mean, card.std
        if card.architecture != backbone:
            raise ParamsError(
                f"distill.start: {start} is a {card.architecture}, distill.backbone is {backbone}; "
                "make them agree, or start from random"
            )
    if start == "random":
        trunk = Pixels(backbone, stages=stages, patch_px=views.patch_px, mean=mean, std=std)
        return Student(trunk, dim=dim, levels=levels, dropout=dropout, others=others)
    # What the pretraining asked is told from all of its feature levels, or not at all.
    told = builtin.answers(start) if stages == card.levels else None
    trunk = Pixels(
        backbone,
        stages=stages,
        patch_px=views.patch_px,
        mean=mean,
        std=std,
        answers=told.out_features if told else 0,
    )
    weights = builtin.load(start).state_dict()
    # A student may stop at an earlier feature level than the network was pretrained with.
    trunk.backbone.load_state_dict({name: weights[name] for name in trunk.backbone.state_dict()})
    if told and trunk.answers:
        trunk.answers.load_state_dict(told.state_dict())
    return Student(trunk, dim=dim, levels=levels, dropout=dropout, others=others)


def save(student: Student, folder: Path, *, views: ViewSpec) -> str:
    """Write both networks into a folder, and return the sha256 of the one that scores."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(student.state_dict(), folder / "student.safetensors")
    network = folder / "student.onnx"
    export(student, network, moments=views.moments, side_px=views.side_px)
    return hashlib.sha256(network.read_bytes()).hexdigest()


def load(student: Student, folder: Path) -> Student:
    """Give a student that was built alike the weights of a bundle, in evaluation mode.

    Raises:
        WeightsError: the weights are missing, or those of a student that was built otherwise.
    """
    file = folder / "student.safetensors"
    try:
        student.load_state_dict(load_file(file))
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"{file}: does not fit ({error}); run `dvc repro distill`") from error
    return student.eval()
