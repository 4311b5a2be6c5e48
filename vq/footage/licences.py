"""Classes of licences, and which of them may be trained on: what `allow` in params names."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Licence:
    """What a class of licences asks of whoever trains on a file and ships the weights."""

    title: str
    copyleft: bool = False
    """What derives from the file must be under the same licence."""


LICENCES: dict[str, Licence] = {
    "cc0": Licence("CC0 or public domain as the project states"),
    "public-domain": Licence("public domain"),
    "unsplash": Licence("Unsplash licence"),
    "pexels": Licence("Pexels licence"),
    "pixabay": Licence("Pixabay licence"),
    "cc-by": Licence("Creative Commons Attribution"),
    "apache-2.0": Licence("Apache License 2.0"),
    "mit": Licence("MIT licence"),
    "bsd": Licence("BSD licence"),
    "cc-by-sa": Licence("Creative Commons Attribution-ShareAlike", copyleft=True),
    "gpl": Licence("GNU General Public License", copyleft=True),
    "lgpl": Licence("GNU Lesser General Public License", copyleft=True),
    "gfdl": Licence("GNU Free Documentation License", copyleft=True),
    "unclear": Licence("not stated for the file itself"),
}
"""By the name that sources.csv and params use; the exact words are in the row of each source."""


def refusal(licence: str, text: str, allow: Collection[str]) -> str:
    """Why nothing may be trained on a file of this class; empty if params allow it.

    `text` has the exact words of the licence.
    """
    return "" if licence in allow else f"licence {licence} ({text}) is not in allow of params"
