"""What the ensemble is worth, on both sides that nobody learnt from."""

import json
from pathlib import Path

import pytest

from benchmarks import teacher_gain
from vq.data import split
from vq.params import Split

PARAMS = Split.model_validate(
    {"salt": "s", "validation": 0.2, "test": 0.25, "repeats": 3, "near_duplicates": "off"}
)


def test_exchanged_sides_have_repeats_without_the_judged_one() -> None:
    """What was validation is test in every column; what was test may validate."""
    contents = [f"content{number}" for number in range(200)]
    kept = PARAMS.model_dump(include={"salt", "validation", "test", "repeats"})
    table = split.assign(contents, **kept)

    other = teacher_gain.exchanged(table, "validation", PARAMS)

    validation = table["split"] == "validation"
    assert (other["split"] == "test").tolist() == validation.tolist()
    assert ((other["split"] == "train") == (table["split"] == "train")).all()
    for column in ("repeat_0", "repeat_1", "repeat_2"):
        assert (other.loc[validation, column] == "").all()
        shares = other.loc[~validation, column].value_counts(normalize=True)
        assert shares["validation"] == pytest.approx(0.27, abs=0.1)
        assert set(shares.index) == {"train", "validation"}
    assert teacher_gain.exchanged(table, "test", PARAMS).equals(table)


@pytest.mark.slow
def test_every_rated_video_outside_of_train_is_judged_once(
    tiny_workspace: Path, tmp_path: Path
) -> None:
    """Both sides together are as many as the sum of each."""
    teacher_gain.main(["--at", str(tiny_workspace), "--out", str(tmp_path), "--jobs", "1"])

    both, *sides = json.loads((tmp_path / "teacher_gain.json").read_text())
    assert [one["side"] for one in sides] == ["test", "validation"]
    for count in ("contents", "videos"):
        assert both[count] == sum(one[count] for one in sides)
    for one in (both, *sides):
        assert one["gain"]["value"] == pytest.approx(one["teacher"] - one["single"], abs=2e-4)
