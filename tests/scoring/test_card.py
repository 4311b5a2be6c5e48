"""A bundle is whole, or one sentence says what is wrong with it."""

import json
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.errors import DataError, WeightsError
from vq.inference import card
from vq.inference.sure import LEVELS


def risks(*rows: tuple[float, float]) -> dict[str, object]:
    """A calibration of `--decide` with so much risk at each threshold."""
    thresholds = [{"threshold": at, "levels": [risk] * len(LEVELS)} for at, risk in rows]
    return {"videos": 99, "contents": 9, "stages": [], "thresholds": thresholds}


def test_a_card_says_what_its_numbers_mean(tmp_path: Path) -> None:
    """Whoever reads a score needs the scale and the direction."""
    found, network = card.load(write_bundle(tmp_path, *BRIGHTNESS))

    assert found.meaning == "1 to 5, higher is better"
    assert found.model_id == f"student-{found.onnx_sha256[:12]}"
    assert network == (tmp_path / "student.onnx").read_bytes()


def test_what_a_later_version_adds_is_no_obstacle(tmp_path: Path) -> None:
    """Within a format, new keys may come."""
    card.load(write_bundle(tmp_path, *BRIGHTNESS, weather="fine"))


@pytest.mark.parametrize("name", ["card.json", "student.onnx"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Half a bundle is none."""
    (write_bundle(tmp_path, *BRIGHTNESS) / name).unlink()

    with pytest.raises(WeightsError, match=rf"{name}: no such file.*dvc repro"):
        card.load(tmp_path)


def test_an_altered_network_is_refused(tmp_path: Path) -> None:
    """One bit is enough."""
    path = write_bundle(tmp_path, *BRIGHTNESS) / "student.onnx"
    altered = bytearray(path.read_bytes())
    altered[-1] ^= 1
    path.write_bytes(altered)

    with pytest.raises(WeightsError, match=r"student\.onnx: sha256 is .* says .*altered"):
        card.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"format": 5},
            r"card\.json: format 5 is not known here, only those up to 4 are",
            id="later-format",
        ),
        pytest.param({"values": [1, 6]}, r"level values \[6.0\] are outside", id="off-the-scale"),
        pytest.param({"views": {"moments": 3}}, r"views\.grid is missing", id="no-grid"),
        pytest.param({"values": [1]}, r"values should be a list of 2 numbers or", id="one-level"),
        pytest.param({"seed": True}, r"seed should be a whole number, 0 or more", id="bool"),
        pytest.param(
            {"sure": risks((3.0, 0.1), (2.0, 0.1))}, "thresholds should go from low to", id="order"
        ),
        pytest.param(
            {"sure": risks((3.0, 1.1))}, r"sure\.thresholds\.levels should be from 0", id="risk"
        ),
        pytest.param({"scale": 5}, r"scale should be an object, got 5", id="no-object"),
        pytest.param(
            {"views": {"moments": 3, "grid": 2, "patch_px": 7}},
            r"views\.patch_px should be a multiple of 2, 1 or more, got 7",
            id="odd-patch",
        ),
        pytest.param(
            {"views": {"moments": 3, "grid": 2, "patch_px": 8, "slack": 1.5}},
            r"views\.slack should be from 0 to 1, got 1\.5",
            id="slack",
        ),
        pytest.param(
            {"interval": {"coverage": 9, "half_width": 1}}, r"interval\.coverage", id="coverage"
        ),
        pytest.param(
            {"interval": {"coverage": 0.9, "half_widths": [1]}},
            r"interval\.half_widths should be a list of 2 numbers or more",
            id="one-end",
        ),
        pytest.param(
            {"interval": {"coverage": 0.9, "half_widths": [1, -1]}},
            r"interval\.coverage should be a share and no half width below 0",
            id="negative",
        ),
        pytest.param({"onnx_sha256": "abc"}, r"onnx_sha256 should be like \[0-9a-f\]", id="hash"),
        pytest.param(
            {"opinion": "mine"}, r"opinion should be human or synthetic, got 'mine'", id="opinion"
        ),
    ],
)
def test_a_card_that_breaks_its_promise_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    """The sentence names the file and the key."""
    with pytest.raises(DataError, match=message):
        card.load(write_bundle(tmp_path, *BRIGHTNESS, **changes))


def test_a_card_that_is_no_json_is_named(tmp_path: Path) -> None:
    """A download that was cut off, say."""
    (write_bundle(tmp_path, *BRIGHTNESS) / "card.json").write_text('{"format": 1, ')

    with pytest.raises(DataError, match=r"card\.json: Expecting .*dvc repro"):
        card.load(tmp_path)


def test_a_card_survives_its_journey(tmp_path: Path) -> None:
    """What is written is what was read."""
    interval = {"coverage": 0.9, "half_widths": [1.5, 0.5]}
    found, _ = card.load(
        write_bundle(tmp_path, *BRIGHTNESS, interval=interval, licences=["\u00e9"])
    )

    assert card.parse(json.loads(card.dumps(found))) == found
    assert found.interval == card.Interval(0.9, (1.5, 0.5))


def test_the_interval_follows_the_score(tmp_path: Path) -> None:
    """Surer of good videos than of bad ones, say; what lies beyond the scale is cut off."""
    halves = {"coverage": 0.9, "half_widths": [1.5, 0.5]}
    same = {"coverage": 0.9, "half_width": 0.5}
    follows = card.load(write_bundle(tmp_path / "3", *BRIGHTNESS, format=3, interval=halves))[0]
    constant = card.load(write_bundle(tmp_path / "2", *BRIGHTNESS, format=2, interval=same))[0]

    assert [follows.around(score) for score in (1.0, 3.0, 4.0, 5.0)] == [
        (1, 2.5),
        (2, 4),
        (3.25, 4.75),
        (4.5, 5),
    ]
    assert [constant.around(score) for score in (1.0, 3.0, 5.0)] == [(1, 1.5), (2.5, 3.5), (4.5, 5)]


def test_a_card_of_the_first_format_has_no_slack(tmp_path: Path) -> None:
    """Its moments are the middles, as they were when it was trained."""
    before = card.load(write_bundle(tmp_path / "1", *BRIGHTNESS))[0]
    views = {"moments": 3, "grid": 2, "patch_px": 8, "slack": 0.5}
    later = card.load(write_bundle(tmp_path / "2", *BRIGHTNESS, format=2, views=views))[0]

    assert (before.format, before.views.slack) == (1, 0.0)
    assert (later.format, later.views.slack) == (2, 0.5)


def test_a_card_may_hold_tuples_as_python_does(tmp_path: Path) -> None:
    """What training says of itself is parsed before it is written."""
    told = json.loads((write_bundle(tmp_path, *BRIGHTNESS) / "card.json").read_text())

    assert card.parse(told | {"values": tuple(told["values"])}) == card.parse(told)


MAPPED = {
    "format": 4,
    "interval": {"coverage": 0.9, "half_widths": [0.5, 0.5]},
    "scores_as": {
        "model": "vq-student 3",
        "releases": 2,
        "map": {"points": [[1.0, 1.0], [2.0, 3.0], [5.0, 5.0]]},
    },
}
"""What a card says of a student on the scale of an earlier one."""


def test_a_mapped_score_says_on_whose_scale_it_is(tmp_path: Path) -> None:
    """And no other student has its name; its interval is that of ratings, which did not move."""
    own, _ = card.load(write_bundle(tmp_path / "own", *BRIGHTNESS))
    mapped, _ = card.load(write_bundle(tmp_path / "mapped", *BRIGHTNESS, **MAPPED))

    assert mapped.meaning == "1 to 5, higher is better, on the scale of vq-student 3"
    assert mapped.network_id == own.model_id != mapped.model_id
    assert mapped.model_id.startswith(f"{own.model_id}+")
    assert mapped.corrected(2.0, "exact") == 3.0
    # The student's own 2 has 1.5 to 2.5, which 3 lies beyond; its own 4.25 becomes 4.5.
    assert mapped.around(3.0) == (1.5, 3.0)
    assert mapped.around(4.5) == pytest.approx((3.75, 4.75))
    assert card.parse(json.loads(card.dumps(mapped))) == mapped


@pytest.mark.parametrize(
    ("points", "message"),
    [
        pytest.param([[1, 1], [5]], r"scores_as\.map\.points should be a list of 2", id="half"),
        pytest.param([[1, 1], [3, 2], [2, 3], [5, 5]], "a map needs two points", id="back"),
        pytest.param([[0, 0], [5, 5]], r"scores_as\.map should reach from end to end", id="far"),
    ],
)
def test_a_map_that_is_none_is_refused(
    tmp_path: Path, points: list[list[float]], message: str
) -> None:
    """It could change the order of videos."""
    changes = MAPPED | {"scores_as": {"model": "a 1", "releases": 1, "map": {"points": points}}}
    with pytest.raises(DataError, match=message):
        card.load(write_bundle(tmp_path, *BRIGHTNESS, **changes))
