"""A film, its lossless file, and copies of it by real encoders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vq.footage.filmed import damage_steps
from vq.synthetic import ffmpeg
from vq.synthetic.demo import encode, scenes
from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.full_reference import Measures, measure

FPS = 25


@pytest.fixture(autouse=True)
def needs_libvmaf(request: pytest.FixtureRequest) -> None:
    """Tests that compare real files need the extra `footage`, or an FFmpeg with libvmaf."""
    if "film" in request.fixturenames or "compare" in request.fixturenames:
        try:
            ffmpeg.binary()
        except ffmpeg.FfmpegError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def film() -> Clip:
    """Sixteen frames of a photograph, with a camera that moves."""
    return scenes.render("photo:china", frames=16, width=320, height=180, fps=FPS)


@pytest.fixture(scope="session")
def original(film: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film as a file."""
    path = tmp_path_factory.mktemp("original") / "film.mkv"
    path.write_bytes(damage_steps.encode(film, "libx264", 0.0, FPS))
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Callable[..., Path]:
    """Write frames as a file that loses next to nothing: `copy(frames)`."""

    def write(frames: Clip, name: str = "copy.mp4", crf: int = 14) -> Path:
        path = tmp_path / name
        encode.write(frames, path, codec="h264", crf=crf, fps=FPS)
        return path

    return write


@pytest.fixture
def compare(original: Path, copy: Callable[..., Path]) -> Callable[[Clip], Measures]:
    """Measures of frames, once encoded, against the film."""
    return lambda frames: measure(original, copy(frames))
