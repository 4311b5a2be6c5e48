"""Which FFmpeg measures: one with libvmaf, run as a process and never part of this package."""

import functools
import shutil
import subprocess
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from vq.errors import VqError

PACKAGE = "imageio-ffmpeg"
REMEDY = (
    f"`pip install 'vq[footage]'` brings one where {PACKAGE} has a wheel with it (Linux x86-64, "
    "from 0.8.1); elsewhere put an ffmpeg on PATH that was built with --enable-libvmaf"
)


class FfmpegError(VqError):
    """There is no FFmpeg that can measure, or it could not."""


@functools.cache
def binary() -> Path:
    """The FFmpeg of the package `imageio-ffmpeg` if it has libvmaf, else the one on PATH.

    The one of the package comes first since its version is pinned: the same files, the same labels.

    Raises:
        FfmpegError: neither is there with libvmaf among its filters; says what to do.
    """
    reasons = []
    for name, path in (("of the package", _of_package()), ("on PATH", shutil.which("ffmpeg"))):
        if path is None:
            reasons.append(f"none {name}")
        elif not _measures(path):
            reasons.append(f"{path} lists no libvmaf in `-filters`")
        else:
            return Path(path)
    raise FfmpegError(f"no FFmpeg with libvmaf: {'; '.join(reasons)}; {REMEDY}")


@functools.cache
def version() -> str:
    """First line of `-version`: part of what a label depends on.

    Raises:
        FfmpegError: as `binary`.
    """
    shown = subprocess.run(
        [str(binary()), "-version"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return shown.stdout.decode(errors="replace").split(" Copyright")[0].strip()


def run(arguments: Sequence[str], *, folder: Path) -> None:
    """Run it in a folder, silent but for errors.

    Raises:
        FfmpegError: it failed; the message ends with the last line that it wrote.
    """
    command = [str(binary()), "-hide_banner", "-nostdin", "-v", "error", *arguments]
    process = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if process.returncode:
        lines = process.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"exit status {process.returncode}"
        raise FfmpegError(f"FFmpeg cannot compare the two: {reason}")


def _of_package() -> str | None:
    try:
        package = import_module("imageio_ffmpeg")
    except ImportError:
        return None
    try:
        return str(package.get_ffmpeg_exe())
    except RuntimeError:  # a wheel without a binary
        return None


def _measures(path: str) -> bool:
    try:
        shown = subprocess.run(
            [path, "-hide_banner", "-filters"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return any(line.split()[1:2] == [b"libvmaf"] for line in shown.stdout.splitlines())
