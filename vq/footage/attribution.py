"""Who made the footage, and under which licence: for data sets, cards and weights."""

from collections import Counter
from collections.abc import Sequence

from vq.footage.fetched import Source
from vq.footage.licences import LICENCES


def markdown(sources: Sequence[Source]) -> str:
    """The file that goes with every data set made of these sources."""
    lines = [
        "# Attribution",
        "",
        f"{summary(sources)} Written by `vq footage fetch`; a scaled copy is a changed work.",
    ]
    for name, licence in LICENCES.items():
        licensed = [source for source in sources if source.licence == name]
        if licensed:
            lines += ["", f"## {licence.title} (`{name}`)", ""]
            lines += ["| file | author | licence as stated | from |", "|---|---|---|---|"]
            lines += [_row(source) for source in licensed]
    return "\n".join(lines) + "\n"


def summary(sources: Sequence[Source]) -> str:
    """A sentence for a card: how many files of which kind and licence."""
    kinds = Counter(source.kind for source in sources)
    licences = Counter(source.licence for source in sources)
    counts = ", ".join(f"{name} {licences[name]}" for name in LICENCES if licences[name])
    return f"{kinds['photo']} photographs and {kinds['clip']} clips by licence: {counts}."


def _row(source: Source) -> str:
    copied = " (scaled copy)" if source.scaled else ""
    cells = (
        f"{source.file}{copied}",
        source.author or "not stated",
        source.licence_text,
        source.origin,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
