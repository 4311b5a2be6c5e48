"""A bad row goes to quarantine with reason and remedy, and stops no other."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import moving, rotate, still, write_video
from vq import params as schema
from vq.data import manifest as manifests
from vq.errors import DataError, ParamsError
from vq.files import read_json
from vq.stages.import_ import import_
from vq.stages.validate import validate

CARD = "name: clips\nopinion: human\nscale: {min: 1, max: 5}\nlicence: none\n"
PARAMS = schema.Validate(
    max_rejected=0.99,
    min_frames=8,
    min_side_px=64,
    min_brightness=4,
    min_motion=0.05,
    refuse=(),
    unlabelled="keep",
)
GOOD: dict[str, object] = {
    "mos": 3.0, "mos_std": 0.5, "width": 96, "height": 64, "frames": 8, "brightness": 4.0,
    "motion": 0.05, "problem": "",
}  # fmt: skip

Outcome = tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]


def rows(**bad: dict[str, object]) -> list[dict[str, object]]:
    """Rows like `GOOD`, each with a name and a hash of its own, and what is wrong with it."""
    return [{"video": name, "sha256": name, **GOOD, **what} for name, what in bad.items()]


def run(folder: Path, table: list[dict[str, object]] | None = None, **settings: Any) -> Outcome:  # noqa: ANN401
    """Run the stage; accepted rows, quarantine and summary."""
    if table is not None:
        manifests.write(manifests.build(table), folder / "manifest.parquet")
    if not (folder / "card.yaml").exists():
        (folder / "card.yaml").write_text(CARD)
    (folder / "expectations.yaml").touch()
    validate(
        manifest=folder / "manifest.parquet",
        card=folder / "card.yaml",
        expectations=folder / "expectations.yaml",
        accepted=folder / "accepted.parquet",
        quarantine=folder / "quarantine.csv",
        summary=folder / "reports" / "validate.json",
        params=PARAMS.model_copy(update=settings),
    )
    return (
        manifests.read(folder / "accepted.parquet"),
        pd.read_csv(folder / "quarantine.csv", keep_default_na=False, dtype=str),
        read_json(folder / "reports" / "validate.json"),
    )


BAD_ROWS: dict[str, tuple[dict[str, object], str, str, str]] = {
    "missing": ({"problem": "no such file; add it"}, "readable", "no such file", "add it"),
    "above": ({"mos": 5.1}, "on_scale", "5.1", "correct it, or the scale in card.yaml: 1 to 5"),
    "below": ({"mos": 0.0}, "on_scale", "0.0", "correct it"),
    "spread": ({"mos_std": -0.1}, "spread", "-0.1", "never negative"),
    "short": ({"frames": 7}, "long_enough", "7", "lower validate.min_frames (8)"),
    "small": ({"height": 63}, "large_enough", "63", "lower validate.min_side_px (64)"),
    "black": ({"brightness": 3.9}, "not_black", "3.9", "lower validate.min_brightness (4)"),
    "frozen": ({"motion": 0.04}, "not_frozen", "0.04", "lower validate.min_motion (0.05)"),
    "copy": ({"sha256": "fine"}, "first_of_file", "fine", "another one has the same bytes"),
    "twice": ({"mos": 9.0, "frames": 1}, "on_scale", "9.0", "correct it"),
}
"""What is wrong with a row; the check, value and remedy that quarantine has to name."""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One row that is just good enough, an unlabelled one, and one for each accident."""
    bad = {name: what for name, (what, *_) in BAD_ROWS.items()}
    table = rows(fine={}, unlabelled={"mos": None, "mos_std": None}, **bad)
    return run(tmp_path_factory.mktemp("validate"), [*table, *rows(fine={})])


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_in_quarantine(outcome: Outcome, name: str) -> None:
    """Once, with the first check that it fails, the value, and what to do."""
    _, check, value, remedy = BAD_ROWS[name]
    quarantine = outcome[1]
    (row,) = quarantine[quarantine["video"] == name].to_dict("records")

    assert (row["check"], row["value"]) == (check, value)
    assert remedy in row["remedy"]


def test_a_repeated_row_is_rejected_once(outcome: Outcome) -> None:
    """The first stays."""
    accepted, quarantine, _ = outcome
    row = quarantine[quarantine["video"] == "fine"]

    assert row["check"].tolist() == ["first_of_video"]
    assert accepted["video"].tolist() == ["fine", "unlabelled"]


def test_limits_themselves_are_good_enough(outcome: Outcome) -> None:
    """Eight frames are not fewer than eight."""
    assert "fine" in outcome[0]["video"].tolist()


def test_no_row_is_lost(outcome: Outcome) -> None:
    """Accepted and quarantine are the manifest, and the summary counts them."""
    accepted, quarantine, summary = outcome

    assert (summary["rows"], summary["accepted"], summary["rejected"]) == (13, 2, 11)
    assert (len(accepted), len(quarantine)) == (2, 11)
    assert summary["rejected_share"] == pytest.approx(11 / 13, abs=1e-6)
    assert sum(summary["by_check"].values()) == 11
    assert summary["by_check"]["on_scale"] == 3


def test_a_good_copy_is_not_lost_to_a_bad_one(tmp_path: Path) -> None:
    """Of two rows for a video, the one whose label is on the scale stays, though it is second."""
    first, second = rows(a={"mos": 9.0}), rows(a={})

    accepted, quarantine, _ = run(tmp_path, [*first, *second])

    assert accepted["mos"].tolist() == [3.0]
    assert quarantine["check"].tolist() == ["on_scale"]


def test_a_rating_is_held_against_the_scale_of_its_own_set(tmp_path: Path) -> None:
    """80 is far off 1 to 5 and well on 0 to 100; the finding says whose scale it was."""
    (tmp_path / "card.yaml").write_text(
        f"{CARD}datasets: {{lab: {{opinion: human, scale: {{min: 0, max: 100}}, licence: own}}}}\n"
    )
    table = rows(
        a={"dataset": "clips"},
        b={"dataset": "lab", "mos": 80.0},
        c={"dataset": "lab", "mos": 101.0},
        d={"dataset": "clips", "mos": 80.0},
    )

    accepted, quarantine, _ = run(tmp_path, table)

    assert accepted["video"].tolist() == ["a", "b"]
    assert quarantine[["video", "check", "value"]].to_numpy().tolist() == [
        ["c", "on_scale", "101.0"], ["d", "on_scale", "80.0"]
    ]  # fmt: skip
    assert quarantine["remedy"].tolist() == [
        "correct it, or the scale of lab in card.yaml: 0 to 100",
        "correct it, or the scale of clips in card.yaml: 1 to 5",
    ]


def test_unlabelled_videos_are_rejected_on_request(tmp_path: Path) -> None:
    """Params say whether they take part."""
    table = rows(a={}, b={"mos": None})

    _, quarantine, _ = run(tmp_path, table, unlabelled="reject")

    assert quarantine[["video", "check", "value"]].to_numpy().tolist() == [["b", "labelled", ""]]


KINDS: dict[schema.Kind, dict[str, object]] = {
    "hdr": {"hdr": "PQ"},
    "interlaced": {"interlaced": 1.0},
    "vfr": {"vfr": 0.06},
    "resized": {"resizes": 1},
    "half_black": {"black": 0.51},
    "half_frozen": {"frozen": 0.51},
}
ORDINARY = {"hdr": "", "interlaced": 0, "vfr": 0.05, "resizes": 0, "black": 0.5, "frozen": 0.5}


def test_rare_kinds_are_counted(tmp_path: Path) -> None:
    """Among the accepted; they are no fault of the videos, so none is rejected."""
    table = rows(plain=ORDINARY, **{kind: {**ORDINARY, **what} for kind, what in KINDS.items()})

    accepted, _, summary = run(tmp_path, table)

    assert len(accepted) == 7
    assert summary["kinds"] == dict.fromkeys(KINDS, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_refused_on_request(tmp_path: Path, kind: schema.Kind) -> None:
    """By its name, and no other."""
    others = {name: {**ORDINARY, **what} for name, what in KINDS.items()}

    accepted, quarantine, summary = run(tmp_path, rows(**others), refuse=(kind,))

    assert quarantine[["video", "check"]].to_numpy().tolist() == [[kind, "not_refused"]]
    assert f"take {kind} out of validate.refuse" in quarantine["remedy"][0]
    assert len(accepted) == 5
    assert summary["kinds"][kind] == 0


def test_too_many_bad_rows_fail_the_stage(tmp_path: Path) -> None:
    """With everything written, so that the user can look, and a sentence that says where."""
    table = rows(a={}, b={"mos": 9.0}, c={"mos": 8.0})

    with pytest.raises(DataError) as error:
        run(tmp_path, table, max_rejected=0.5)

    assert "2 of 3 rows (66.7%) are rejected, more than" in str(error.value)
    assert "validate.max_rejected allows (50.0%)" in str(error.value)
    assert "quarantine.csv lists" in str(error.value)
    assert len(pd.read_csv(tmp_path / "quarantine.csv")) == 2
    assert read_json(tmp_path / "reports" / "validate.json")["rejected"] == 2
    assert (tmp_path / "reports" / "data_docs" / "index.html").is_file()


@pytest.mark.parametrize("table", [[], rows(a={"mos": 9.0})], ids=["no-rows", "all-bad"])
def test_nothing_accepted_fails_the_stage(tmp_path: Path, table: list[dict[str, object]]) -> None:
    """Even where params would let all be rejected: there is nothing to learn from."""
    with pytest.raises(
        DataError, match=r"none of its [01] rows? is accepted; see .*quarantine\.csv"
    ):
        run(tmp_path, table, max_rejected=1.0)


EXPECTED = """
- type: expect_column_values_to_be_between
  kwargs: {column: mos, min_value: 2}
  meta: {name: fair, remedy: ask more raters}
- type: expect_table_row_count_to_be_between
  kwargs: {min_value: 2}
  severity: %s
  meta: {name: enough, remedy: bring more videos}
"""


def test_a_row_has_to_be_as_its_data_set_expects(tmp_path: Path) -> None:
    """It is rejected as by any other check, if it passes those; a repetition is none the less."""
    (tmp_path / "expectations.yaml").write_text(EXPECTED % "critical")
    table = rows(a={}, b={"mos": 1.5}, c={"mos": 1.5, "frames": 1}, d={})

    accepted, quarantine, summary = run(tmp_path, [*table, *rows(b={"mos": 3.0})])

    assert accepted["video"].tolist() == ["a", "d"]
    assert quarantine.to_numpy().tolist()[:2] == [
        ["b", "fair", "1.5", "ask more raters"],
        ["c", "long_enough", "1", "replace the video, or lower validate.min_frames (8)"],
    ]
    assert quarantine["check"].tolist()[2:] == ["first_of_video"]
    assert summary["by_check"]["fair"] == 1
    assert summary["expectations"] == {"of_rows": 1, "of_table": 1, "failed": 0, "warnings": 0}


def test_a_table_that_is_not_as_expected_fails_the_stage(tmp_path: Path) -> None:
    """With everything written; the rejected rows do not count."""
    (tmp_path / "expectations.yaml").write_text(EXPECTED % "critical")

    with pytest.raises(DataError) as error:
        run(tmp_path, rows(a={}, b={"mos": 1.5}))

    assert str(error.value) == (
        f"{tmp_path}/expectations.yaml: enough, expect_table_row_count_to_be_between(min_value=2): "
        "observed 1; bring more videos"
    )
    assert len(manifests.read(tmp_path / "accepted.parquet")) == 1
    summary = read_json(tmp_path / "reports/validate.json")
    assert summary["expectations"]["failed"] == 1
    index = (tmp_path / "reports/data_docs/index.html").read_text()
    assert "<td>b</td><td>fair</td><td>1.5</td><td>ask more raters</td>" in index
    assert "<td></td><td>enough</td><td>1</td><td>bring more videos</td>" in index


def test_a_warning_fails_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log and the summary."""
    (tmp_path / "expectations.yaml").write_text(EXPECTED % "warning")

    accepted, _, summary = run(tmp_path, rows(a={}))

    assert len(accepted) == 1
    assert summary["expectations"]["warnings"] == 1
    assert "observed 1; bring more videos" in caplog.text


def test_a_wrong_expectation_writes_nothing(tmp_path: Path) -> None:
    """A stage that cannot check does not pass anything on."""
    (tmp_path / "expectations.yaml").write_text("- {type: expect_more}")

    with pytest.raises(DataError, match=r"expectations\.yaml: expectation 1, expect_more"):
        run(tmp_path, rows(a={}))

    assert not (tmp_path / "accepted.parquet").exists()


def test_the_same_manifest_gives_the_same_bytes(tmp_path: Path) -> None:
    """Otherwise dvc would run everything after it again."""
    files = ["accepted.parquet", "quarantine.csv", "reports/validate.json"]
    run(tmp_path, rows(a={}, b={"mos": 9.0}))
    first = [(tmp_path / file).read_bytes() for file in files]
    run(tmp_path)

    assert [(tmp_path / file).read_bytes() for file in files] == first


def test_data_docs_are_pages_of_this_run_alone(tmp_path: Path) -> None:
    """An index, and a page for the rows and one for repetitions, however often it ran."""
    for _ in range(2):
        run(tmp_path, rows(a={}, b={"mos": 9.0}))

    docs = tmp_path / "reports" / "data_docs"
    assert (docs / "index.html").is_file()
    assert len(list(docs.glob("validations/**/*.html"))) == 2
    assert {path.name for path in docs.parent.iterdir()} == {"validate.json", "data_docs"}


def test_nobody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations reports its use to its makers unless told not to."""
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: called.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: called.append(address))

    run(tmp_path, rows(a={}))

    assert not called


def write_accidents(folder: Path, make_sound: Callable[..., Path]) -> None:
    """Real files from real encoders, each with what befell it."""
    h264: dict[str, Any] = {
        "width": 96, "height": 64, "codec": "libx264", "pix_fmt": "yuv420p", "picture": moving,
        "muxer": {"movflags": "faststart"},
    }  # fmt: skip

    def write(name: str, frames: int = 12, **how: Any) -> Path:  # noqa: ANN401
        def own(number: int, width: int, height: int) -> Any:  # noqa: ANN401
            return h264["picture"](number + len(name), width, height)

        return write_video(folder / name, frames, **{**h264, "picture": own, **how})

    write("fine.mp4")
    write("odd.mp4", width=97, height=65, pix_fmt="yuv444p")
    write("ten_bit.mp4", codec="libx265", pix_fmt="yuv420p10le")
    write("variable.mp4", times=[0, 40, 80, 300, 310, 320, 500, 900, 910, 920, 930, 2000])
    write("four_k.mp4", 8, width=3840, height=2160, options={"preset": "ultrafast"})
    rotate(write("rotated.mp4", 13), 90)
    write("one_frame.mp4", 1)
    write("still.mp4", picture=still)
    cut = write("cut.mp4", 60, options={"g": "12"})
    cut.write_bytes(cut.read_bytes()[: int(0.2 * cut.stat().st_size)])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("not a video\n" * 99)
    make_sound("videos/sound.mp4")


ACCIDENTS = {
    "one_frame.mp4": ("long_enough", "1"),
    "still.mp4": ("not_frozen", "0.0"),
    "cut.mp4": ("readable", "not one frame can be decoded"),
    "empty.mp4": ("readable", "is empty"),
    "text.mp4": ("readable", "is text, not a video"),
    "sound.mp4": ("readable", "has no video stream, only sound (aac)"),
    "missing.mp4": ("readable", "no such file"),
    "word.mp4": ("readable", "mos 'good' is not a number"),
}


@pytest.mark.slow
def test_real_accidents_end_as_one_row_each(
    tmp_path: Path, make_sound: Callable[..., Path]
) -> None:
    """From files to quarantine: every file that is odd but sound stays, every broken one goes."""
    write_accidents(tmp_path / "videos", make_sound)
    sound = ["fine.mp4", "odd.mp4", "ten_bit.mp4", "variable.mp4", "four_k.mp4", "rotated.mp4"]
    lines = [f"{video},3" for video in [*sound, *ACCIDENTS] if video != "word.mp4"]
    (tmp_path / "labels.csv").write_text("\n".join(["video,mos", *lines, "word.mp4,good"]))
    (tmp_path / "card.yaml").write_text(CARD)
    (tmp_path / "columns.yaml").touch()
    import_(
        videos=tmp_path / "videos",
        labels=tmp_path / "labels.csv",
        card=tmp_path / "card.yaml",
        columns=tmp_path / "columns.yaml",
        manifest=tmp_path / "manifest.parquet",
        twin=tmp_path / "manifest.csv",
        fingerprints=tmp_path / "prints.parquet",
        params=schema.Import(),
        jobs=2,
    )

    accepted, quarantine, _ = run(tmp_path)

    assert accepted["video"].tolist() == sound
    found = quarantine.set_index("video")[["check", "value"]].apply(tuple, axis=1).to_dict()
    assert found == ACCIDENTS
    assert (quarantine["remedy"] != "").all()
    upright = accepted.set_index("video").loc["rotated.mp4"]
    assert (upright["width"], upright["height"], upright["rotation"]) == (64, 96, 270)


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    """A misspelt limit would otherwise be no limit."""
    path = tmp_path / "validate.yaml"
    path.write_text("max_rejekted: 0.05\n")

    with pytest.raises(ParamsError, match=r"validate\.yaml: max_rejekted: unknown key"):
        schema.read(path, schema.Validate)
