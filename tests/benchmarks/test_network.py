"""The benchmark of the network's share."""

from pathlib import Path

from benchmarks.network import share
from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.inference import runtime


def test_the_network_is_a_part_of_a_score(tmp_path: Path) -> None:
    """Both are CPU time; a file without cheaper frames is looked at exactly."""
    model = runtime.load(write_bundle(tmp_path / "student", *BRIGHTNESS))
    video = write_video(tmp_path / "a.mkv", frames=60)

    found = share(model, video, "exact", rounds=3)

    assert (found.clip, found.mode) == ("a.mkv", "exact")
    assert 0 < found.network_ms < found.total_ms
