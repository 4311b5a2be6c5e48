"""Look at the files of a data set, in processes that a bad one may hang, fill or kill."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from vq import params
from vq.errors import VideoError
from vq.video.probe import Probe, probe, sha256
from vq.workers.child import End
from vq.workers.crew import Crew
from vq.workers.job import Job, Ready, Said
from vq.workers.limits import LimitError, Limits

REMEDIES = {
    "crashed": "encode it again",
    "timed_out": "raise the limit, or encode it again",
    "too_large": "raise the limit, or encode it again",
}


@dataclass(frozen=True)
class Look:
    """What a file is, or why it is of no use."""

    sha256: str | None = None
    probe: Probe | None = None
    problem: str = ""
    """Reason and remedy, parted by a semicolon."""


def look_at(paths: Sequence[Path], *, jobs: int, settings: params.Import) -> Iterator[Look]:
    """Look at each file, in order; whatever it does to whoever opens it becomes its problem.

    Args:
        paths: of files, there or not.
        jobs: processes side by side.
        settings: of the section `import`, its limits.
    """
    if not paths:
        return
    limits = Limits(**settings.limits.model_dump(), section="import")
    job = Job("vq.data.look:prepare", (limits,))
    # Twice: whoever is short of memory kills anybody's process.
    with Crew[Path, Look](job, read=_read, jobs=jobs, tries=2, limits=limits) as crew:
        for _, outcome in crew.work(paths, request=lambda path: path):
            if outcome and outcome.end:
                yield Look(problem=_problem(outcome.end))
            elif outcome:
                yield outcome.told[0]


def prepare(limits: Limits) -> Ready:
    """What a worker does."""
    return Ready(lambda path: [Said(asdict(look(path, limits=limits)))])


def look(path: Path, *, limits: Limits) -> Look:
    """Hash and probe a file; what goes wrong becomes its `problem`."""
    digest = None
    try:
        if not path.exists():
            return Look(problem="no such file; correct the path, add the file or drop the row")
        if not path.is_file():  # to open a pipe or a device may take forever
            return Look(problem="is no ordinary file; give a video file")
        digest = sha256(path)
        return Look(digest, probe(path, limits=limits))
    except VideoError as error:
        return Look(digest, problem=error.reason)
    except LimitError as error:
        return Look(digest, problem=f"{error}; {REMEDIES['too_large']}")
    except OSError as error:
        return Look(problem=f"cannot be read ({error.strerror}); check the disk and permissions")


def _read(path: Path, said: Said) -> Look:
    digest, probed, problem = (said.told[name] for name in ("sha256", "probe", "problem"))
    found = Probe(**probed) if probed else None
    if found and not all(math.isfinite(n) for n in astuple(found) if isinstance(n, float)):
        raise ValueError(f"{path}: {found}")
    return Look(digest, found, str(problem))


def _problem(end: End) -> str:
    return f"{end.reason}; {REMEDIES[end.status]}"
