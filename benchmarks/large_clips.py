"""Large clips for the benchmark of scoring, made from footage that is given.

    python -m benchmarks.large_clips FOOTAGE --out DIR

Footage is scaled (Lanczos) and looped to length, with a little grain, as cameras have it: without,
enlarged footage would be too easy to decode. Bitrates are those of phones and of upload guides.
"""

import argparse
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

X264 = ("-c:v", "libx264", "-preset", "faster", "-pix_fmt", "yuv420p", "-bf", "3")
CLIPS: Mapping[str, tuple[str, int, tuple[str, ...]]] = {
    "1080p_10s": ("1920:1080", 10, (*X264, "-b:v", "12M", "-g", "250")),
    "1080p_10s_gop1s": ("1920:1080", 10, (*X264, "-b:v", "12M", "-g", "30")),
    "1080p_60s": ("1920:1080", 60, (*X264, "-b:v", "8M", "-g", "250")),
    "1080p_60s_gop2s": ("1920:1080", 60, (*X264, "-b:v", "8M", "-g", "60")),
    "2160p_10s": ("3840:2160", 10, (*X264, "-b:v", "40M", "-g", "60")),
}
"""By name: size, seconds, how it is encoded."""


def main(argv: Sequence[str] | None = None) -> None:
    """Make every clip that is not there yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_clips", description=__doc__)
    parser.add_argument("footage", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    if shutil.which("ffmpeg") is None:
        raise SystemExit("large_clips: there is no ffmpeg; install it (apt install ffmpeg)")
    if not given.footage.is_file():
        raise SystemExit(f"large_clips: {given.footage}: no such file; give footage of a camera")
    given.out.mkdir(parents=True, exist_ok=True)
    for name, (size, seconds, how) in CLIPS.items():
        path = given.out / f"{name}.mp4"
        if not path.exists():
            make(given.footage, path, size=size, seconds=seconds, how=how)


def make(footage: Path, path: Path, *, size: str, seconds: int, how: Sequence[str]) -> None:
    """Encode one clip of 30 frames a second."""
    looks = f"scale={size}:flags=lanczos,noise=alls=8:allf=t,fps=30"
    partial = path.with_suffix(".part.mp4")
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(footage), "-an"]
    command += ["-t", str(seconds), "-vf", looks, *how, "-movflags", "+faststart", str(partial)]
    subprocess.run(command, check=True)
    partial.replace(path)


if __name__ == "__main__":
    main()
