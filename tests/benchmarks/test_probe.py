"""The benchmark of probing, on two clips."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import probe


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_counts_are_those_of_ffprobe(
    make_h264: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each way, and how many counts agree."""
    folder = make_h264("a.mp4", frames=7).parent
    make_h264("b.mkv", frames=9, muxer={})

    probe.main(["--videos", str(folder), "--rounds", "1"])

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 clips, counts agree: 2"
    assert [line.partition("  ")[0] for line in said[1:]] == [
        "ffprobe -count_packets", "packets counted", "probed, as by vq import"
    ]  # fmt: skip
