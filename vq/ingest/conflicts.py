"""What of a delivery the data set has already, and what it cannot have beside what it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vq.data.labels_csv import Label
from vq.video.probe import sha256


@dataclass(frozen=True)
class NewVideo:
    """A video that passed the checks."""

    position: int
    """Of its row in the delivery."""
    video: str
    """Path in the delivery, and in the data set if it is taken in."""
    sha256: str
    bytes: int
    label: Label | None
    """None where it has no row in the label file."""


@dataclass(frozen=True)
class Triage:
    """Arrivals by what becomes of them."""

    new: list[NewVideo] = field(default_factory=list)
    """To be copied, and their rows added."""
    late: list[tuple[NewVideo, str]] = field(default_factory=list)
    """Only the row is to be added: the data set has the same bytes, under this name, unlabelled."""
    duplicates: list[NewVideo] = field(default_factory=list)
    """The data set has both video and label already."""
    refused: list[tuple[NewVideo, dict[str, str]]] = field(default_factory=list)
    """With `check`, `value` and `remedy`, as in a quarantine."""

    @property
    def added(self) -> list[tuple[NewVideo, str]]:
        """What the data set gets, each with its name there."""
        return [(arrival, arrival.video) for arrival in self.new] + self.late


def sort(arrivals: Sequence[NewVideo], videos: Path, labels: Mapping[str, Label]) -> Triage:
    """Compare a delivery with a data set: a video is its bytes, wherever it lies.

    Arrivals have different bytes and different names. The folder of videos may not be there.
    """
    triage, names = Triage(), _by_content(videos, {arrival.bytes for arrival in arrivals})
    for arrival in arrivals:
        name = names.get(arrival.sha256)
        if name is None and (taken := _in_the_way(videos, arrival.video)):
            triage.refused.append((arrival, _of_name(taken)))
        elif name is None:
            triage.new.append(arrival)
        elif arrival.label is None:
            triage.duplicates.append(arrival)
        elif name not in labels:
            triage.late.append((arrival, name))
        elif differing := _differing(arrival.label, labels[name]):
            triage.refused.append((arrival, _of_label(name, differing)))
        else:
            triage.duplicates.append(arrival)
    return triage


def _by_content(videos: Path, sizes: set[int]) -> dict[str, str]:
    """Videos by their hash; only of the sizes that arrived, since others have other bytes."""
    files = sorted(path for path in videos.rglob("*") if path.is_file())
    same = [path for path in files if path.stat().st_size in sizes]
    return {sha256(path): path.relative_to(videos).as_posix() for path in reversed(same)}


def _in_the_way(videos: Path, video: str) -> str:
    """What keeps a video from its place: a file or folder there, or a file on the way to it."""
    place = videos / video
    ways = [place, *place.parents[: len(Path(video).parts) - 1]]
    taken = [way for way in ways if way.exists() and (way == place or not way.is_dir())]
    return taken[0].relative_to(videos).as_posix() if taken else ""


def _differing(new: Label, old: Label) -> str:
    differing = [
        f"{name} is {old.values.get(name)}, not {value}"
        for name, value in new.values.items()
        if value is not None and value != old.values.get(name)
    ]
    return ", ".join(differing)


def _of_name(taken: str) -> dict[str, str]:
    return {
        "check": "name_is_free",
        "value": f"the data set has another file {taken}",
        "remedy": "rename the new one, here and in its label file",
    }


def _of_label(name: str, differing: str) -> dict[str, str]:
    return {
        "check": "label_agrees",
        "value": f"is {name} in the data set, where {differing}",
        "remedy": "if the new label is right, write it into labels.csv of the data set",
    }
