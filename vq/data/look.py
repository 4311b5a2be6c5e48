"""Look at one file of a data set, in a process of its own if need be."""

from dataclasses import dataclass
from pathlib import Path

from vq.errors import VideoError
from vq.video.probe import Probe, probe, sha256


@dataclass(frozen=True)
class Look:
    """What a file is, or why it is of no use."""

    sha256: str | None = None
    probe: Probe | None = None
    problem: str = ""
    """Reason and remedy, parted by a semicolon."""


KILLED = Look(problem="kills the process that decodes it; encode it again")


def look(path: Path) -> Look:
    """Hash and probe a file; what goes wrong becomes its `problem`."""
    if not path.is_file():
        return Look(problem="no such file; correct the path, add the file or drop the row")
    try:
        digest = sha256(path)
        return Look(digest, probe(path))
    except VideoError as error:
        return Look(digest, problem=error.reason)
    except OSError as error:
        return Look(problem=f"cannot be read ({error.strerror}); check the disk and permissions")
