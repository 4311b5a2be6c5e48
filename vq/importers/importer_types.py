"""What an importer is: how one data set hands out its labels, and what is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Rating:
    """What a label file says of one video."""

    video: str
    """As the label file names it."""
    mos: float | None
    """None where the file says that nobody knows."""
    mos_std: float | None = None
    ratings: int | None = None
    content: str = ""
    """The source it was made from; empty where the file does not say."""
    also: str = ""
    """Another name that the file may have on disk."""
    more: Mapping[str, str | float | None] = field(default_factory=dict)
    """Further columns: dimensions, categories, the official split."""


@dataclass(frozen=True)
class How:
    """What the user says of a label file that the file does not."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Our name of a column -> the file's."""
    delimiter: str = ""
    """What parts cells; empty: whatever parts all lines alike."""
    names: Path | None = None
    """A second file with the names of the videos, line by line."""


Read = Callable[[Path, How], list[Rating]]


def own_content(video: str) -> str:
    """No group: each video is its own content."""
    return ""


@dataclass(frozen=True)
class Form:
    """One label dialect, and the facts that go into the card of what is read by it.

    What nobody could tell is empty or None here, and "not known" in the card.
    """

    title: str
    read: Read
    files: str
    """The label files of the set, by name."""
    layout: str
    """How they look, and where that is known from."""
    seen: bool = False
    """Whether the layout is known from a file of that kind, not from a description or a reader."""
    scale: tuple[float, float] | None = None
    better: Better = "higher"
    videos: int | None = None
    """How many there are in the whole set."""
    published: tuple[float, float] | None = None
    """Lowest and highest mos of the whole set."""
    source: str = ""
    """Where to get it."""
    licence: str = ""
    contents: str = "Each video is its own content."
    """What `content` holds."""
    content: Callable[[str], str] = own_content
    """Content of a video by its name, where the file has no column for it."""
    suffix: str = ""
    """Of the video files, where the labels leave it out."""
    tail: str = ""
    """Regular expression of what names of files may have at their end that labels leave out."""
    defects: str = ""
    listed: bool = True
    """Whether a list as the field passes them around is taken, too (`field_list.py`)."""


def parts(video: str, sep: str, *, count: int) -> list[str]:
    """Parts of the base name, up to `count` of them."""
    return video.rsplit("/", 1)[-1].split(sep, count)
