"""The extract stage: each video once, whatever is interrupted, added or broken."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import moving, write_video
from vq.data import manifest
from vq.errors import BusyError, DataError, ParamsError, VqError, WeightsError
from vq.features import store
from vq.features.cache import Cache
from vq.params import Expert, Extract, Limits, Views, WeightsFile
from vq.stages.extract import extract
from vq.video.probe import sha256
from vq.zoo import catalog
from vq.zoo import extract as zoo
from vq.zoo import extract_features as describing
from vq.zoo.cache_filler import CacheFiller
from vq.zoo.task import VIEWS, Shard, Video

PARAMS = Extract(
    moments=3,
    clip_frames=2,
    shard_videos=2,
    max_failed=0.5,
    runtime="onnx",
    experts={
        "picture_statistics": Expert(fusion="mean_std"),
        "temporal_statistics": Expert(),
    },
    views=Views(moments=2, grid=2, patch_px=8),
)


class Workspace:
    """A folder with videos and what the stage needs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.videos, self.weights = root / "videos", root / "weights"
        self.cache = root / "artifacts" / "cache"
        self.accepted, self.index = root / "accepted.parquet", root / "artifacts" / "features.json"

    def add(self, *numbers: int, frames: int = 8) -> list[Path]:
        """Make videos of different sizes; the manifest has all there are."""
        for n in numbers:
            write_video(
                self.videos / f"{n}.mkv", frames, width=32 + 2 * n, height=24, picture=moving
            )
        self.accept()
        return [self.videos / f"{n}.mkv" for n in numbers]

    def accept(self) -> None:
        """Write the manifest of what is in the folder."""
        rows = [{"video": p.name, "sha256": sha256(p)} for p in sorted(self.videos.iterdir())]
        manifest.write(manifest.build(rows), self.accepted)

    def run(self, params: Extract = PARAMS, jobs: int = 1) -> dict:
        """Run the stage; give the index."""
        extract(
            accepted=self.accepted, videos=self.videos, weights=self.weights, cache=self.cache,
            index=self.index, params=params, jobs=jobs,
        )  # fmt: skip
        return json.loads(self.index.read_bytes())

    def shards(self) -> dict[str, bytes]:
        """What is in the cache, by path."""
        files = sorted(self.cache.rglob("*.safetensors"))
        return {str(file.relative_to(self.cache)): file.read_bytes() for file in files}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three videos: two shards."""
    made = Workspace(tmp_path)
    made.add(1, 2, 3)
    return made


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Videos that workers are given, and what each lacks."""
    seen: list[tuple[str, tuple[str, ...]]] = []
    real = CacheFiller.fill

    def fill(self: CacheFiller, todo: Sequence[Shard], **how: Any) -> dict[str, str]:  # noqa: ANN401
        for shard in todo:
            names = (video.path.name for video in shard.videos)
            seen.extend(zip(names, shard.missing, strict=True))
        return real(self, todo, **how)

    monkeypatch.setattr(CacheFiller, "fill", fill)
    return seen


ALL = ("picture_statistics", "temporal_statistics", "views")


Given = list[tuple[str, tuple[str, ...]]]


def test_each_video_is_given_once_for_all_experts(workspace: Workspace, given: Given) -> None:
    """Features and views of every video; a second run finds nothing to do."""
    known = workspace.run()

    assert sorted(given) == [(name, ALL) for name in ("1.mkv", "2.mkv", "3.mkv")]
    assert known["videos"] == 3
    assert known["failed"] == {}
    shas = [sha256(workspace.videos / f"{n}.mkv") for n in (1, 2, 3)]
    found = store.load(workspace.index, shas)
    assert found["picture_statistics"].shape == (3, 2 * 24)
    assert found["temporal_statistics"].shape == (3, 51)
    assert all(np.isfinite(array).all() for array in found.values())
    assert [view.shape for view in store.views(workspace.index, shas)] == [(2, 4, 16, 16)] * 3

    before = workspace.shards(), workspace.index.read_bytes()
    workspace.run()
    assert len(given) == 3
    assert (workspace.shards(), workspace.index.read_bytes()) == before


def test_a_video_is_decoded_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all experts and the views together."""
    decoded: list[str] = []
    real = describing.in_groups

    def in_groups(path: Path, *how: Any, **more: Any) -> Any:  # noqa: ANN401
        decoded.append(path.name)
        return real(path, *how, **more)

    monkeypatch.setattr(describing, "in_groups", in_groups)
    path = workspace.videos / "1.mkv"
    experts = zoo.create(PARAMS)
    planned = zoo.plan(PARAMS, experts, workspace.cache)

    found = describing.extract_features(Video(sha256(path), path), ALL, experts, planned)

    assert decoded == ["1.mkv"]
    assert tuple(found) == ALL


def test_views_are_the_same_alone_and_beside_experts(workspace: Workspace) -> None:
    """Cut as they are decoded, or from frames that experts look at as well."""
    video = Video(sha256(workspace.videos / "1.mkv"), workspace.videos / "1.mkv")
    experts = zoo.create(PARAMS)
    planned = zoo.plan(PARAMS, experts, workspace.cache)

    alone = describing.extract_features(video, [VIEWS], experts, planned)
    beside = describing.extract_features(video, [*experts, VIEWS], experts, planned)

    assert alone.keys() == {VIEWS}
    np.testing.assert_array_equal(alone[VIEWS], beside[VIEWS])


def test_the_index_says_what_an_expert_costs(workspace: Workspace) -> None:
    """A video: what a row costs, for each of three moments."""
    workspace.run()

    known = store.experts(workspace.index)["picture_statistics"]
    row = catalog.create("picture_statistics", Expert()).gmacs
    assert (known["parameters"], known["gmacs"]) == (0, round(3 * row, 6))


def test_a_new_video_costs_itself_alone(
    workspace: Workspace, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    """Old shards are not touched."""
    caplog.set_level(logging.INFO, "vq")
    workspace.run()
    before = workspace.shards()
    workspace.add(4)

    known = workspace.run()

    assert given[3:] == [("4.mkv", ALL)]
    counts = "9 found, 3 to do (picture_statistics 1, temporal_statistics 1, views 1)"
    assert f"4 videos x (2 experts + views): {counts}" in caplog.text
    assert known["videos"] == 4
    assert before.items() <= workspace.shards().items()


def test_a_new_expert_costs_itself_alone(
    workspace: Workspace, given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    """Every video is decoded again, and seen by the new one only; fusion costs nothing."""
    caplog.set_level(logging.INFO, "vq")
    workspace.run()
    before = workspace.shards()
    more = {**PARAMS.experts, "spatial_statistics": Expert()}
    more["temporal_statistics"] = Expert(fusion="attention")

    known = workspace.run(PARAMS.model_copy(update={"experts": more}))

    assert [missing for _, missing in given[3:]] == [("spatial_statistics",)] * 3
    assert "3 videos x (3 experts + views): 9 found, 3 to do (spatial_statistics)" in caplog.text
    assert set(known["experts"]) == set(more)
    assert before.items() <= workspace.shards().items()


def test_the_last_shards_are_small() -> None:
    """Two processes end together: neither waits long for the other's last shard."""
    videos = [Video(f"{n:064x}", Path(f"{n}.mp4")) for n in range(300)]
    settings = PARAMS.model_copy(update={"shard_videos": 64})
    planned = zoo.plan(settings, {}, Path("nowhere"))

    sizes = [len(shard.videos) for shard in zoo.shards(videos, planned, jobs=2)]

    assert sum(sizes) == 300
    assert sizes[:2] == [64, 59]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-2] == zoo.LEAST


def test_the_index_does_not_tell_how_the_shards_came_about(tmp_path: Path) -> None:
    """Downstream stages depend on what is in the cache, not on its history."""
    at_once, bit_by_bit = Workspace(tmp_path / "a"), Workspace(tmp_path / "b")
    files = at_once.add(1, 2, 3)
    at_once.run()
    bit_by_bit.videos.mkdir(parents=True)
    for file in reversed(files):
        shutil.copy(file, bit_by_bit.videos)
        bit_by_bit.accept()
        bit_by_bit.run(PARAMS.model_copy(update={"shard_videos": 5}))

    assert set(at_once.shards()) != set(bit_by_bit.shards())
    assert at_once.index.read_bytes() == bit_by_bit.index.read_bytes()


@pytest.mark.slow
def test_features_depend_on_the_video_alone(tmp_path: Path) -> None:
    """The same bits with one process or two, alone or with others in the shard."""
    experts = {**PARAMS.experts, "control": _control()}
    params = PARAMS.model_copy(update={"experts": experts})
    one, two = Workspace(tmp_path / "one"), Workspace(tmp_path / "two")
    one.add(1, 2, 3)
    shutil.copytree(one.videos, two.videos)
    two.accept()
    one.run(params.model_copy(update={"shard_videos": 1}), jobs=1)
    two.run(params, jobs=2)

    shas = [sha256(path) for path in sorted(one.videos.iterdir())]
    for name, array in store.load(one.index, shas).items():
        np.testing.assert_array_equal(array, store.load(two.index, shas)[name])
    assert one.index.read_bytes() == two.index.read_bytes()


def test_a_broken_video_is_recorded_and_the_others_go_on(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """Text, and a file that changed: each with its reason, none lost."""
    (workspace.videos / "text.mp4").write_text("not a video")
    (changed,) = workspace.add(5)
    workspace.accept()
    shas = {name: sha256(workspace.videos / name) for name in ("text.mp4", "5.mkv")}
    changed.write_bytes(changed.read_bytes() + b"x")

    with caplog.at_level(logging.WARNING):
        known = workspace.run()

    assert set(known["failed"]) == set(shas.values())
    assert "changed since the import" in known["failed"][shas["5.mkv"]]
    assert "text.mp4" in caplog.text
    assert known["videos"] == 3
    # The same on every machine: no folder of this one.
    assert str(workspace.root) not in workspace.index.read_text()
    rows = store.load(workspace.index, [shas["text.mp4"]])["temporal_statistics"]
    assert np.isnan(rows).all()


def test_a_file_that_is_gone_stops_the_stage_and_costs_no_video(workspace: Workspace) -> None:
    """A share that was away for a minute must not leave its videos out for ever."""
    (gone,) = workspace.add(4)
    workspace.accept()
    content = gone.read_bytes()
    gone.unlink()

    with pytest.raises(VqError, match=r"4\.mkv: cannot be read .* put it back"):
        workspace.run()

    assert not workspace.index.exists()
    gone.write_bytes(content)
    assert workspace.run()["failed"] == {}


def test_too_many_broken_videos_stop_the_stage(workspace: Workspace) -> None:
    """Half of a data set cannot vanish behind a warning."""
    (workspace.videos / "text.mp4").write_text("not a video")
    workspace.accept()
    settings = PARAMS.model_copy(update={"max_failed": 0.1})

    with pytest.raises(DataError, match=r"1 of \d+ videos fail.*max_failed \(0\.1\).*text\.mp4: "):
        workspace.run(settings)

    assert not workspace.index.exists()


def test_a_video_of_one_frame_has_features(workspace: Workspace) -> None:
    """Moments repeat it, clips stand still."""
    (path,) = workspace.add(7, frames=1)

    known = workspace.run()

    assert known["failed"] == {}
    assert store.load(workspace.index, [sha256(path)])["temporal_statistics"][0, 0] == 1


@pytest.mark.parametrize("expert", [Expert(catalog="picture_statistics")])
def test_the_same_expert_twice_is_refused(workspace: Workspace, expert: Expert) -> None:
    """Two experts never give the same feature (claim 1)."""
    twice = {**PARAMS.experts, "again": expert}

    with pytest.raises(ParamsError, match="picture_statistics and again are the same expert"):
        workspace.run(PARAMS.model_copy(update={"experts": twice}))


def test_a_second_extract_is_refused_at_once(workspace: Workspace) -> None:
    """It names the process that is at it, and touches nothing."""
    with (
        Cache(workspace.cache).hold(),
        pytest.raises(BusyError, match=rf"process {os.getpid()} is writing this cache"),
    ):
        workspace.run()
    assert not workspace.index.exists()


def test_what_a_video_costs_is_its_failure(workspace: Workspace) -> None:
    """One that wants more than a limit allows is left out, and names the knob; the others stay."""
    (large,) = workspace.add(40)
    settings = {"limits": Limits(megapixels=0.001), "max_failed": 0.9}

    known = workspace.run(PARAMS.model_copy(update=settings))

    assert known["videos"] == 3
    assert known["failed"] == {
        sha256(large): "frames of 112 x 24 pixels; the limit is 0.001 megapixels "
        "(extract.limits.megapixels)"
    }


def test_a_video_that_takes_too_long_is_left_out(workspace: Workspace) -> None:
    """Its process is ended; what others have is kept."""
    workspace.run()
    rough = np.random.default_rng(7).integers(0, 256, (8, 360, 640, 3), np.uint8)
    slow = write_video(
        workspace.videos / "slow.mkv",
        40,
        width=640,
        height=360,
        picture=lambda number, *_: rough[number % 8],
    )
    workspace.accept()

    known = workspace.run(PARAMS.model_copy(update={"limits": Limits(seconds=0.001)}))

    assert known["videos"] == 3
    assert known["failed"] == {
        sha256(slow): "its process was not done after 0.001 s (extract.limits.seconds)"
    }


def test_weights_lie_where_dvc_watches(workspace: Workspace) -> None:
    """In another folder a change of them would go unnoticed; a link to them does."""
    away = workspace.root / "away.pth"
    experts = {**PARAMS.experts, "mine": Expert(catalog="scnn", weights=weights_at(away))}
    settings = PARAMS.model_copy(update={"experts": experts})

    with pytest.raises(
        ParamsError, match=r"mine\.weights: .*away\.pth is not in the folder .*link"
    ):
        workspace.run(settings)
    experts["mine"] = Expert(catalog="scnn", weights=weights_at(workspace.weights / "gone.pth"))
    with pytest.raises(WeightsError, match=r"gone\.pth: weights cannot be read .*download them"):
        workspace.run(settings)


@pytest.mark.slow
def test_a_kill_costs_no_finished_shard(tmp_path: Path) -> None:
    """After SIGKILL in the middle, with real processes, the next run does the rest only."""
    workspace = Workspace(tmp_path)
    workspace.add(*range(1, 13), frames=40)
    settings = PARAMS.model_copy(update={"shard_videos": 1})
    code = (
        "import sys, pathlib; from vq.params import Extract; from vq.stages.extract import extract;"
        "accepted, videos, weights, cache, index = map(pathlib.Path, sys.argv[2:]);"
        "extract(accepted=accepted, videos=videos, weights=weights, cache=cache, index=index,"
        " jobs=1, params=Extract.model_validate_json(sys.argv[1]))"
    )
    places = ("accepted", "videos", "weights", "cache", "index")
    files = [getattr(workspace, place) for place in places]
    command = [sys.executable, "-c", code, settings.model_dump_json(), *map(str, files)]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(workspace.shards()) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    before = workspace.shards()
    assert 4 <= len(before) < 36
    assert not workspace.index.exists()
    times = {name: (workspace.cache / name).stat().st_mtime_ns for name in before}

    known = workspace.run(settings)

    assert known["videos"] == 12
    assert len(workspace.shards()) == 36
    assert times == {name: (workspace.cache / name).stat().st_mtime_ns for name in before}


def weights_at(path: Path) -> WeightsFile:
    """A file of weights that nobody will read."""
    return WeightsFile(file=path, sha256="0" * 64)


def _control() -> Expert:
    return Expert(catalog="timm", model="mobilenetv3_small_050", weights="random", side_px=32)
