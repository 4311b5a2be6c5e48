"""One call of git."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def git(
    root: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> bytes:
    """What git prints in a folder, names as they are; `variables` are those of its environment.

    Raises:
        subprocess.CalledProcessError: git does not do it; `stderr` says why.
        FileNotFoundError: git is not installed.
    """
    return subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=root,
        env={**os.environ, **(variables or {})},
        check=True,
        capture_output=True,
        input=stdin,
    ).stdout
