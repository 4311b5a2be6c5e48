"""The hash that each file of weights had when a hub first sent it, in a file that git keeps.

A hub may send other bytes under the same name tomorrow: features would change, and nobody would
know why. The first hash is written down, is reviewed as any other change, and holds from then on.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from vq import params
from vq.errors import ParamsError, WeightsError
from vq.files import write_text
from vq.footage.store import hash_of
from vq.params import Section, Sha256

log = logging.getLogger(__name__)

FILE = "hub.lock"
"""In the folder of weights."""

HEAD = """\
# SHA-256 of each file of weights that a hub sent, as it first came; commit it. Another hash is
# refused. Written by `vq extract` and `vq zoo check` (docs/bring-your-own-expert.md).
"""


class Hashes(Section):
    """What is in the file."""

    files: dict[str, Sha256]
    """By address on the hub."""


@dataclass(frozen=True)
class HubFile:
    """A file of a hub as it lies on this machine."""

    address: str
    """On the hub."""
    path: Path
    """In the cache of the library that downloaded it."""


@dataclass(frozen=True)
class HubLock:
    """Hashes of hub files: those in it hold, those of new files are added."""

    path: Path | None = None
    """None: no hash is asked for, none is written."""

    def check(self, file: HubFile) -> HubFile:
        """Compare a file with the hash that it first had, or write that hash down.

        Raises:
            WeightsError: it has another one, or the hashes cannot be read or written.
        """
        if self.path is None:
            return file
        hashes, digest = _read(self.path), hash_of(file.path)
        first = hashes.get(file.address)
        if first is None:
            log.info("%s: %s is new, its sha256 is %s", self.path, file.address, digest)
            _write(self.path, {**hashes, file.address: digest})
        elif first != digest:
            raise WeightsError(
                f"{file.address}: sha256 is {digest}, {self.path} says {first}; delete {file.path} "
                "to download it again, or write the new hash there if you trust the file"
            )
        return file


def _read(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    try:
        return params.read(path, Hashes).files
    except ParamsError as error:
        raise WeightsError(f"{error}; take the file from git again") from error


def _write(path: Path, hashes: Mapping[str, str]) -> None:
    document = {"files": dict(sorted(hashes.items()))}
    try:
        write_text(path, HEAD + yaml.safe_dump(document, width=1000))
    except OSError as error:
        raise WeightsError(
            f"{path}: cannot be written ({error.strerror}); the hashes of hub files go there"
        ) from error
