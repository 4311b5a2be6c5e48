"""Copies of one scene, made on the spot by real encoders."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from vq.synthetic.demo import encode

WIDTH, HEIGHT, FRAMES, FPS = 320, 192, 24, 24


def scene(seed: int, frames: int = FRAMES) -> np.ndarray:
    """A picture with detail of all sizes and hard edges, that moves by two pixels a frame."""
    rng = np.random.default_rng(seed)
    side = 2 * WIDTH
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    noise = np.fft.rfft2(rng.standard_normal((side, side)))
    texture = np.fft.irfft2(noise / (np.hypot(rows, columns) + 1 / side))
    texture = 110 + 40 * texture / texture.std()
    for _ in range(40):
        top, left = rng.integers(0, side - 60, 2)
        texture[top : top + rng.integers(8, 60), left : left + rng.integers(8, 60)] += rng.choice(
            [-60, 60]
        )
    grey = np.clip(texture, 0, 255).astype(np.uint8)
    shots = [grey[n : n + HEIGHT, 2 * n : 2 * n + WIDTH] for n in range(frames)]
    return np.repeat(np.stack(shots)[..., None], 3, axis=-1)


def resized(frames: np.ndarray, width: int, height: int) -> np.ndarray:
    """All frames at another size."""
    how = Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(f).resize((width, height), how)) for f in frames])


def write(frames: np.ndarray, path: Path, crf: int, codec: str = "h264") -> Path:
    """Encode frames."""
    encode.write(frames, path, codec=codec, crf=crf, fps=FPS)
    return path


def write_uneven(frames: np.ndarray, ticks: list[int], path: Path, crf: int) -> Path:
    """Encode frames that begin at ticks of 1 / `FPS` seconds."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for pixels, tick in zip(frames, ticks, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def make(folder: Path) -> Path:
    """A folder with copies of one scene, another scene, and a file that is none."""
    folder.mkdir()
    frames = scene(1)
    half = resized(frames, WIDTH // 2, HEIGHT // 2)
    write(frames, folder / "clear.mp4", 18)
    write(frames, folder / "compressed.mp4", 40)
    write(half, folder / "small.webm", 12, "vp9")
    write(resized(half, WIDTH, HEIGHT), folder / "upscaled.mp4", 16)
    write(scene(1, 12), folder / "shorter.mp4", 18)
    write(np.ascontiguousarray(frames[:, 16:-16, 24:-24]), folder / "cropped.mp4", 40)
    write(scene(2), folder / "another.mp4", 20)
    (folder / "broken.mp4").write_text("this is no video")
    return folder
