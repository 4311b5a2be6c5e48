"""Look at the files of a data set, in processes that a bad one may hang, fill or kill."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from vq import params
from vq.errors import VideoError
from vq.video import fingerprint
from vq.video.fingerprint import Fingerprint
from vq.video.probe import Probe, sha256, survey
from vq.workers.limits import LimitError, Limits
from vq.workers.protocol import Handler, Job, Message
from vq.workers.worker_pool import WorkerPool

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
    fingerprint: Fingerprint | None = None
    """If it was asked for, and the file is a video."""


def look_at(
    paths: Sequence[Path], *, jobs: int, settings: params.Import, fingerprints: bool = False
) -> Iterator[Look]:
    """Look at each file, in order; whatever it does to whoever opens it becomes its problem.

    Fingerprints cost little: the frames are decoded anyway.
    """
    if not paths:
        return
    limits = Limits(**settings.limits.model_dump(), section="import")
    job = Job("vq.video.inspect:prepare", (limits, fingerprints))
    # Twice: whoever is short of memory kills anybody's process.
    with WorkerPool[Path, Look](job, read=_read, jobs=jobs, tries=2, limits=limits) as pool:
        for _, outcome in pool.work(paths, request=lambda path: path):
            if outcome and outcome.end:
                yield Look(problem=f"{outcome.end.reason}; {REMEDIES[outcome.end.status]}")
            elif outcome:
                yield outcome.parts[0]


def prepare(limits: Limits, fingerprints: bool) -> Handler:
    """What a worker does."""
    return Handler(lambda path: [_to_message(look(path, limits=limits, fingerprints=fingerprints))])


def look(path: Path, *, limits: Limits, fingerprints: bool = False) -> Look:
    """Hash and probe a file; what goes wrong becomes its `problem`."""
    digest = None
    try:
        if not path.exists():
            return Look(problem="no such file; correct the path, add the file or drop the row")
        if not path.is_file():  # to open a pipe or a device may take forever
            return Look(problem="is no ordinary file; give a video file")
        digest = sha256(path)
        probe, frames, _ = survey(path, limits=limits)
        prints = fingerprint.take(frames, probe.duration_s) if fingerprints else None
        return Look(digest, probe, fingerprint=prints)
    except VideoError as error:
        return Look(digest, problem=error.reason)
    except LimitError as error:
        return Look(digest, problem=f"{error}; {REMEDIES['too_large']}")
    except OSError as error:
        return Look(problem=f"cannot be read ({error.strerror}); check the disk and permissions")


def _to_message(result: Look) -> Message:
    hashes, data = fingerprint.pack(result.fingerprint) if result.fingerprint else (None, b"")
    probed = asdict(result.probe) if result.probe else None
    fields = {"sha256": result.sha256, "probe": probed, "problem": result.problem, "hashes": hashes}
    return Message(fields, data)


def _read(path: Path, message: Message) -> Look:
    digest, probe_fields, problem = (
        message.fields[name] for name in ("sha256", "probe", "problem")
    )
    probe = Probe(**probe_fields) if probe_fields else None
    if probe and not all(math.isfinite(n) for n in astuple(probe) if isinstance(n, float)):
        raise ValueError(f"{path}: {probe}")
    hashes = message.fields["hashes"]
    prints = fingerprint.unpack(hashes, message.data) if hashes else None
    return Look(digest, probe, str(problem), prints)
