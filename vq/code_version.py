"""A hash of the code of this library, so that results are traced to the code that made them."""

import hashlib
import shlex
from collections.abc import Iterable
from pathlib import Path

from vq import imports
from vq.errors import VqError

COMMANDS = (["python", "-m", "vq"], ["vq"])
"""How a command of ours begins in dvc.yaml."""
WITHOUT_MEANING = ("__pycache__", ".pyc", ".swp", ".orig", ".rej", "~")
"""Endings of files that tools leave between sources; hidden files are ignored, too."""


def digest(package: Path | None = None) -> str:
    """Hash of every file of the library: sources, and the weights and tables among them.

    `package` is the folder of another copy of the library than the one that runs.
    """
    package = package or Path(__file__).parent
    return _digest(package, [package])


def digest_of(module: str) -> str:
    """Hash of every file that a module needs: see `vq.imports.closure`."""
    root = imports.PACKAGE.parent
    return _digest(root, [root / name for name in imports.closure(module)])


def _digest(root: Path, paths: Iterable[Path]) -> str:
    every = {file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,))}
    digest = hashlib.sha256()
    for path in sorted(every):
        name = path.relative_to(root)
        if path.is_file() and not any(is_noise(part) for part in name.parts):
            digest.update(name.as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_noise(part: str) -> bool:
    """Whether a file name is one that tools leave between sources."""
    return part.startswith(".") or part.endswith(WITHOUT_MEANING)


_LOADED = digest()
"""Digest of the code that this process runs, without later edits."""


def check(workspace: Path) -> None:
    """Check that this process runs the code of a workspace, if the workspace has code.

    Dvc hashes the code that lies in the workspace, whichever has run.

    Raises:
        VqError: it runs other code; the message says whose, and what to do.
    """
    package, ours = workspace.resolve() / "vq", Path(__file__).resolve().parent
    if not (package / "__init__.py").is_file() or digest(package) == _LOADED:
        return
    if package == ours:
        raise VqError(
            f"{package}: was edited after this process had started, and dvc would record the edit "
            "as what has run; run again"
        )
    raise VqError(
        f"{package}: is not the code that runs here, which is that of {ours}, and dvc would record "
        "it as what has run; in that folder, say `python -m vq` instead of `vq`, or set "
        f"PYTHONPATH={workspace.resolve()}"
    )


def arguments(command: str) -> list[str] | None:
    """What a command in dvc.yaml gives to `vq`; None if it is of another program."""
    words = shlex.split(command)
    for start in COMMANDS:
        if words[: len(start)] == start:
            return words[len(start) :]
    return None
