"""Videos and rows in object stores, and wherever else fsspec reads and writes.

fsspec and what it imports for a protocol are heavy; nothing here imports them before there is a URL
to open.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from vq.errors import DataError
from vq.inference.row import Row
from vq.video.suffixes import SUFFIXES
from vq.workers.limits import Limits

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20


def find(url: str, others: Counter[str] | None = None) -> list[str]:
    """The videos below a folder, of a pattern, or the one that a URL names, in order.

    None where there is none. Hidden files and folders are left out.

    `others` gets the endings of files that are no videos by name.

    Raises:
        DataError: the store cannot be asked.
    """
    system, path = _open(url)
    try:
        if any(character in path for character in "*?["):
            names = _videos(system.glob(path), path, others)
        elif system.isfile(path):
            names = [path]
        else:
            names = _videos(system.find(path), path, others)
    except Exception as error:
        raise _explained(url, error) from error
    return [system.unstrip_protocol(name) for name in sorted(names)]


def read(url: str) -> bytes:
    """The content of a small file.

    Raises:
        DataError: it cannot be read.
    """
    system, path = _open(url)
    try:
        content: bytes = system.cat_file(path)
    except Exception as error:
        raise _explained(url, error) from error
    return content


def fetch(url: str, path: Path, limits: Limits) -> Row | None:
    """Copy a video to a local file; if that cannot be done, the answer is its row."""
    try:
        system, name = _open(url)
        with system.open(name, "rb") as source, path.open("wb") as target:
            size = 0
            while chunk := source.read(CHUNK_BYTES):
                size += len(chunk)
                if size > limits.download_mb << 20:
                    limit = limits.called("download_mb")
                    reason = f"more than {limits.download_mb} MB to fetch ({limit})"
                    return Row(url, "too_large", reason)
                target.write(chunk)
    except FileNotFoundError:
        return Row(url, "missing", "no such object")
    except Exception as error:  # a store's own; it costs this video, and shows in the row
        log.debug("%s", url, exc_info=True)
        return Row(url, "unreadable", str(_explained("it", error)))
    return None


def download(url: str, path: Path) -> bool:
    """Copy a file of ours here; the answer is whether there is one.

    Raises:
        DataError: it cannot be read.
    """
    system, name = _open(url)
    try:
        if not system.exists(name):
            return False
        system.get_file(name, str(path))
    except Exception as error:
        raise _explained(url, error) from error
    return True


def upload(path: Path, url: str) -> None:
    """Copy a file there; it takes the place of what was there, whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    system, name = _open(url)
    try:
        with system.transaction:
            system.makedirs(system._parent(name), exist_ok=True)
            with system.open(name, "wb") as target, path.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
    except Exception as error:
        raise _explained(url, error) from error


def _open(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
    except ImportError as error:
        raise DataError(f"{url}: {error}; pip install 'vq[remote]'") from error
    except Exception as error:
        raise _explained(url, error) from error
    return system, path


def _videos(names: Iterable[str], below: str, others: Counter[str] | None) -> list[str]:
    videos = []
    for name in names:
        path, top = PurePosixPath(name), PurePosixPath(below)
        parts = path.relative_to(top).parts if path.is_relative_to(top) else (path.name,)
        if any(part.startswith(".") for part in parts):
            continue
        ending = path.suffix.lower()
        if ending in SUFFIXES:
            videos.append(name)
        elif others is not None:
            others[ending] += 1
    return videos


def _explained(url: str, error: Exception) -> DataError:
    # Each store has errors of its own: what they say is all that is known of them.
    message = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{url}: the store answers: {message}; check address, credentials and network")
