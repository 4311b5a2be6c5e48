"""A copy is compared with its original frame by frame, or one sentence says why not."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import moving, write_video
from vq.errors import VideoError
from vq.synthetic import cache, ffmpeg, full_reference, fused
from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.full_reference import Measures, measure

Copy = Callable[..., Path]


def test_an_original_against_itself_differs_in_nothing(original: Path, film: Clip) -> None:
    """No noise is in the comparison, and each frame has its value."""
    measures = measure(original, original)

    assert len(measures.vmaf) == len(film)
    assert measures.ssim.min() > 0.9999
    assert measures.psnr.min() == 60
    assert measures.tone.identity
    np.testing.assert_array_equal(measures.motion, measures.motion_copy)
    assert measures.fps == 25


def test_a_smaller_copy_is_scaled_up(original: Path, film: Clip, copy: Copy) -> None:
    """As a player does: sharpness is lost."""
    assert measure(original, copy(film[:, ::2, ::2])).means["vmaf"] < 90


def test_exposure_is_told_apart(compare: Callable[[Clip], Measures], film: Clip) -> None:
    """A copy of half the code values has that tone, and next to no other damage."""
    measures = compare((film * 0.5).astype(np.uint8))

    assert measures.tone.contrast(measures.luma) == pytest.approx(0.5, abs=0.03)
    assert measures.means["vmaf"] > 90


def test_exposure_may_stay_in(original: Path, film: Clip, copy: Copy) -> None:
    """Plain VMAF calls a dark copy bad, and is another entry of the cache."""
    path, folder = copy((film * 0.4).astype(np.uint8)), original.parent / "both"

    apart, plain = (
        cache.measured(original, path, folder=folder, exposure_apart=a) for a in (True, False)
    )

    assert plain.tone.identity
    assert plain.means["vmaf"] < 0.6 * apart.means["vmaf"]


def test_blur_and_bands_are_no_exposure(compare: Callable[[Clip], Measures], film: Clip) -> None:
    """A soft picture has less contrast in detail, and the same tones."""
    soft = film.copy()
    soft[:, :, 2:-2] = np.mean([film[:, :, i : film.shape[2] - 4 + i] for i in range(5)], axis=0)

    assert compare(soft).tone.identity


def test_repeated_frames_do_not_move(compare: Callable[[Clip], Measures], film: Clip) -> None:
    """What the reference does meanwhile is beside it."""
    frozen = film.copy()
    frozen[5:12] = film[5]

    measures = compare(frozen)

    assert (measures.motion_copy[6:12] < 0.2 * measures.motion[6:12]).all()
    assert measures.motion_copy[12] > measures.motion[12]


def test_any_path_will_do(film: Clip, original: Path, tmp_path: Path, copy: Copy) -> None:
    """Nothing in a name is read as FFmpeg's own language."""
    strange = tmp_path / "it's 100%: [a],b;c=d\\.mp4"
    strange.write_bytes(copy(film).read_bytes())

    assert len(measure(original, strange).vmaf) == len(film)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        pytest.param({"frames": 12}, r"number of frames .* ends at 12", id="ends-early"),
        pytest.param({"frames": 20}, r"number of frames .* ends at 16", id="goes-on"),
        pytest.param({"width": 640, "height": 360}, r"640x360, larger than", id="larger"),
        pytest.param({"width": 240}, r"240x180, another shape", id="other-shape"),
    ],
)
def test_what_cannot_be_compared_is_said(
    picture: dict[str, int], reason: str, film: Clip, original: Path, tmp_path: Path
) -> None:
    """The copy's name comes first, then both numbers."""
    size = {"frames": 16, "width": 320, "height": 180} | picture
    path = write_video(tmp_path / "odd.mkv", **size, picture=moving)

    with pytest.raises(VideoError, match=rf"odd\.mkv: .*{reason}"):
        measure(original, path)


def test_a_small_reference_is_refused(film: Clip, tmp_path: Path) -> None:
    """CAMBI has no value on it, and FFmpeg does not say so."""
    path = write_video(tmp_path / "small.mkv", width=160, height=120)

    with pytest.raises(VideoError, match=r"small\.mkv: is 160x120; CAMBI needs 216"):
        measure(path, path)


def test_a_narrow_reference_is_measured(tmp_path: Path) -> None:
    """Phones film upright."""
    path = write_video(tmp_path / "narrow.mkv", width=120, height=216, picture=moving)

    assert fused.label(measure(path, path)).value > 4.7


@pytest.mark.parametrize("content", [None, b"", b"no video at all"])
def test_what_is_no_video_is_named(
    content: bytes | None, film: Clip, original: Path, tmp_path: Path
) -> None:
    """A missing file, an empty one, and text."""
    path = tmp_path / "broken.mp4"
    if content is not None:
        path.write_bytes(content)

    for run in (measure, lambda a, b: cache.measured(a, b, folder=tmp_path / "kept")):
        with pytest.raises(VideoError, match=r"broken\.mp4: "):
            run(original, path)


def test_without_libvmaf_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, original: Path, film: Clip
) -> None:
    """The FFmpeg on PATH has no such filter, and the package is not installed."""
    plain = tmp_path / "ffmpeg"
    plain.write_text("#!/bin/sh\necho ' .. psnr VV->V Calculate the PSNR'\n")
    plain.chmod(0o755)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    ffmpeg.binary.cache_clear()
    try:
        with pytest.raises(ffmpeg.FfmpegError, match=r"none of the package; .*ffmpeg lists no lib"):
            measure(original, original)
        plain.unlink()
        with pytest.raises(ffmpeg.FfmpegError, match=r"none on PATH; `pip install 'vq\[footage\]'"):
            measure(original, original)
    finally:
        ffmpeg.binary.cache_clear()


def test_measures_are_kept_by_content(
    film: Clip, original: Path, copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes under another name are not compared again; what is kept is what was said."""
    folder = tmp_path / "kept"
    path = copy(film, crf=30)
    first = cache.measured(original, path, folder=folder)
    monkeypatch.setattr(cache, "measure", lambda *_, **__: pytest.fail("compared again"))

    again = cache.measured(original, path.rename(tmp_path / "other.mp4"), folder=folder)

    assert again.tone == first.tone
    np.testing.assert_array_equal(again.vmaf, first.vmaf)
    assert again.means == first.means
    assert [file.suffix for file in folder.iterdir()] == [".npz"]


def test_a_torn_file_is_measured_again(
    film: Clip, original: Path, copy: Copy, tmp_path: Path
) -> None:
    """A disk that was full leaves no number behind."""
    folder, path = tmp_path / "kept", copy(film, crf=30)
    first = cache.measured(original, path, folder=folder)
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:500])

    assert cache.measured(original, path, folder=folder).means == first.means


def test_a_number_that_libvmaf_does_not_give_is_an_error() -> None:
    """It writes null for nan; a label of what is missing would be no label."""
    row: dict[str, float | None] = dict.fromkeys(full_reference._FIELDS.values(), 1.0)

    assert full_reference.series([row, row], Path("copy.mkv"))["psnr"].tolist() == [1.0, 1.0]
    with pytest.raises(VideoError, match=r"copy.mkv: FFmpeg gives no psnr_y for frame 1"):
        full_reference.series([row, row | {"psnr_y": None}], Path("copy.mkv"))
