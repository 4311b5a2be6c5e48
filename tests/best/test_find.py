"""Which copy is best, from files to groups."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.best import copies
from tests.scoring import toy
from vq.best import find as find_best
from vq.best import judge
from vq.best.answer import Part, Problem
from vq.best.find import Finder
from vq.best.result import Group, Judged, Result
from vq.inference.row import Row
from vq.workers.limits import Limits
from vq.workers.worker_process import NONSENSE, Outcome


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student that likes what is bright."""
    return toy.write_bundle(tmp_path_factory.mktemp("student"), *toy.BRIGHTNESS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of one scene, another scene, and a file that is none."""
    return copies.make(tmp_path_factory.mktemp("copies") / "in")


@pytest.fixture(scope="module")
def result(folder: Path, student: Path) -> Result:
    """What is said of them."""
    return find(student, sorted(map(str, folder.iterdir())))


def find(student: Path, videos: list[str], jobs: int = 1) -> Result:
    """Look for the best copies."""
    with Finder(student, jobs=jobs, threads=1, limits=Limits()) as finder:
        return finder.find([*videos, Row("gone.mp4", "missing", "no such file or folder")])


def of(group: Group, name: str) -> Judged:
    """What is said of a copy."""
    (one,) = [one for one in group.copies if Path(one.copy.video).name == name]
    return one


def test_copies_of_one_source_are_a_group(result: Result) -> None:
    """A video without a copy is alone."""
    names = [{Path(one.copy.video).name for one in group.copies} for group in result.groups]

    assert sorted(names, key=len) == [
        {"another.mp4"},
        {"clear.mp4", "compressed.mp4", "small.webm", "upscaled.mp4", "shorter.mp4", "cropped.mp4"},
    ]


def test_the_copy_that_is_nearest_to_the_source_is_best(result: Result) -> None:
    """Not the one with most bits: that one was scaled up."""
    group = max(result.groups, key=lambda group: len(group.copies))
    assert group.best is not None
    bits = max(group.copies, key=lambda one: one.copy.kbps)

    assert group.copies[group.best] is of(group, "clear.mp4")
    assert group.confidence is not None
    assert group.confidence > 0.9
    assert bits is not group.copies[group.best]
    for name in ("compressed.mp4", "small.webm", "upscaled.mp4"):
        assert of(group, name).verdict == "worse"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("compressed.mp4", "more compressed"),
        ("small.webm", "smaller: 160x96, the best has 320x192"),
        ("upscaled.mp4", "scaled up"),
        ("shorter.mp4", "shorter: 0.5 s of 1.0 s"),
        ("cropped.mp4", "cropped, or too dark to tell"),
    ],
)
def test_the_others_say_why(result: Result, name: str, reason: str) -> None:
    """The weightiest reason comes first; what lacks a part is set apart."""
    group = max(result.groups, key=lambda group: len(group.copies))
    one = of(group, name)

    assert one.reasons[0].startswith(reason)
    assert (one.verdict == "apart") == (name in ("shorter.mp4", "cropped.mp4"))


@pytest.mark.parametrize(
    "parts",
    [(), (Row("a.mp4", "ok", score=3.0),), (Problem("gone"),)],
    ids=["none", "row", "other"],
)
def test_an_answer_that_lacks_parts_is_a_crash(
    student: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[Part, ...]
) -> None:
    """A file that took its process over ends no run."""
    with Finder(student, jobs=1, threads=1, limits=Limits()) as finder:
        outcome = Outcome[Part](parts, None, 0.5)
        monkeypatch.setattr(finder._workers, "work", lambda *_, **__: [("a.mp4", outcome)])
        (row,) = finder.find(["a.mp4"]).failed

    assert (row.status, row.reason) == ("crashed", NONSENSE)


def test_failures_have_rows(result: Result) -> None:
    """Nothing that was asked for vanishes."""
    assert [(Path(row.video).name, row.status) for row in result.failed] == [
        ("broken.mp4", "unreadable"),
        ("gone.mp4", "missing"),
    ]


def test_equal_files_are_alike(student: Path, folder: Path, tmp_path: Path) -> None:
    """Either will do."""
    twin = tmp_path / "twin.mp4"
    twin.write_bytes((folder / "clear.mp4").read_bytes())
    (group,) = find(student, [str(folder / "clear.mp4"), str(twin)]).groups

    assert sorted(one.verdict for one in group.copies) == ["alike", "best"]


def test_a_better_looking_part_leaves_the_question_open(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say whether less of a better picture is wanted."""
    monkeypatch.setattr(judge, "LOOKS_BETTER", 0.02)  # a toy tells little apart
    frames = copies.scene(3)
    whole = copies.write(frames, tmp_path / "whole.mp4", 30)
    bright = (frames[:12] // 2 + 127).astype("uint8")
    part = copies.write(bright, tmp_path / "part.mp4", 18)
    (group,) = find(student, [str(whole), str(part)]).groups

    assert group.best is None
    assert "part.mp4 looks better by itself" in group.doubt
    assert group.others == ()


def test_a_mirrored_copy_is_not_named_among_straight_ones(student: Path, tmp_path: Path) -> None:
    """However good it looks."""
    frames = copies.scene(11)
    videos = [copies.write(frames, tmp_path / f"{crf}.mp4", crf) for crf in (30, 34)]
    turned = np.ascontiguousarray(frames[:, :, ::-1])
    videos.append(copies.write(turned, tmp_path / "turned.mp4", 16))
    (group,) = find(student, list(map(str, videos))).groups

    assert of(group, "turned.mp4").reasons == ("mirrored: left and right are exchanged",)
    assert of(group, "turned.mp4").verdict == "apart"
    assert of(group, "30.mp4").verdict == "best"


def test_two_copies_that_cannot_be_lined_up_are_both_set_apart(
    student: Path, tmp_path: Path
) -> None:
    """The larger one is no better for that: it may be scaled up, with bars."""
    frames = copies.scene(12)
    clear = copies.write(frames, tmp_path / "clear.mp4", 16)
    barred = np.zeros((len(frames), 480, 480, 3), np.uint8)
    barred[:, 96:-96] = copies.resized(frames[:, ::2, ::2], 480, 288)
    padded = copies.write(barred, tmp_path / "padded.mp4", 16)
    (group,) = find(student, [str(clear), str(padded)]).groups

    assert group.best is None
    assert group.doubt == "no two copies can be lined up"
    assert [one.verdict for one in group.copies] == ["apart", "apart"]
    assert group.others == ()


def test_a_variable_frame_rate_is_lined_up_by_time(student: Path, tmp_path: Path) -> None:
    """As phones film; a copy at a constant rate shows some frames twice."""
    frames = copies.scene(15, 40)
    ticks = [*range(20), *range(20, 80, 3)]
    even = np.repeat(frames, [1] * 20 + [3] * 20, axis=0)
    videos = [
        copies.write_uneven(frames, ticks, tmp_path / "original.mp4", 14),
        copies.write(even, tmp_path / "even.mp4", 32),
        copies.write_uneven(frames, ticks, tmp_path / "again.mp4", 34),
    ]
    for others in (videos[:2], videos):
        (group,) = find(student, list(map(str, others))).groups
        verdicts = [one.verdict for one in group.copies]
        assert verdicts[0] == "best"
        assert "apart" not in verdicts


def test_of_two_that_show_different_parts_nobody_is_left(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever is dropped first."""
    monkeypatch.setattr(find_best, "LINED_UP", 1.01)
    frames = copies.scene(13)
    videos = [copies.write(frames, tmp_path / f"{crf}.mp4", crf) for crf in (18, 30)]
    (group,) = find(student, list(map(str, videos))).groups

    assert group.best is None
    assert [one.verdict for one in group.copies] == ["apart", "apart"]


def test_what_is_shorter_leaves_the_one_that_is_whole(student: Path, tmp_path: Path) -> None:
    """Nothing has to be lined up for that."""
    frames = copies.scene(14)
    videos = [copies.write(frames[:n], tmp_path / f"{n}.mp4", 20) for n in (12, 24)]
    (group,) = find(student, list(map(str, videos))).groups

    assert of(group, "24.mp4").verdict == "best"
    assert of(group, "12.mp4").verdict == "apart"


def test_any_number_of_jobs_gives_the_same_bits(
    result: Result, student: Path, folder: Path
) -> None:
    """Nor does it matter who decodes what."""
    other = find(student, sorted(map(str, folder.iterdir())), jobs=2)

    def text(one: Result) -> str:
        return json.dumps([group.as_mapping() for group in one.groups])

    assert text(other) == text(result)
