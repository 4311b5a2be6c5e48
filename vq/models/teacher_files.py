"""The teacher as files: `teacher.safetensors` and `card.json`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file

from vq.errors import DataError
from vq.models.teacher import Shape, Teacher


@dataclass(frozen=True)
class TeacherCard:
    """What one must know to use a teacher."""

    shape: Shape
    values: tuple[float, ...]
    """Scores of the levels, ascending."""
    expert_dropout: float
    """Chance that an expert was left out of a training step; joint training goes on with it."""
    validation: dict[str, float]
    """SRCC and PLCC on the validation split."""


def save(teacher: Teacher, card: TeacherCard, folder: Path) -> None:
    """Write a teacher into a new or existing folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(teacher.state_dict(), folder / "teacher.safetensors")
    (folder / "card.json").write_text(json.dumps(asdict(card), indent=2) + "\n")


def load(folder: Path) -> tuple[Teacher, TeacherCard]:
    """Read a teacher, in evaluation mode.

    Raises:
        DataError: the folder holds no teacher, or one of another version of the code.
    """
    try:
        raw = json.loads((folder / "card.json").read_text())
        shape = Shape(**{**raw["shape"], "attention": tuple(raw["shape"]["attention"])})
        teacher = Teacher(shape)
        teacher.load_state_dict(load_file(folder / "teacher.safetensors"))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{folder}: no teacher can be read ({error}); run `dvc repro teach`"
        ) from error
    card = TeacherCard(shape, tuple(raw["values"]), raw["expert_dropout"], raw["validation"])
    return teacher.eval(), card
