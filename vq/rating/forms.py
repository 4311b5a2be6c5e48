"""In which form a file reaches browsers. The service knows this; only its workers decode."""

from dataclasses import dataclass
from typing import Literal

Form = Literal["as it is", "copied", "encoded"]


@dataclass(frozen=True)
class Playable:
    """How a file is shown, or why not."""

    form: Form = "as it is"
    media_type: str = "video/mp4"
    width: int = 0
    """In pixels, as displayed."""
    height: int = 0
    duration_s: float = 0.0
    """As the container has it; 0 if it does not say."""
    problem: str = ""
    """Why it cannot be rated, and the remedy, parted by a semicolon; empty if it can."""
