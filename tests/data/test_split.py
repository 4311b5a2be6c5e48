"""Splits are sticky, and keep contents apart."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vq.data import split
from vq.errors import DataError
from vq.files import write_csv

SHARES = {"validation": 0.2, "test": 0.2}
MANY = [f"content {number}" for number in range(4000)]

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def assign(contents: list[str], *, salt: str = "salt", repeats: int = 3) -> pd.DataFrame:
    """Splits with the usual shares."""
    return split.assign(contents, salt=salt, repeats=repeats, **SHARES)


@settings(max_examples=25)
@given(st.sets(names, max_size=20))
def test_adding_contents_moves_none(added: set[str]) -> None:
    """A champion never trained on today's test."""
    before = assign(MANY[:60]).set_index("content")
    after = assign([*MANY[:60], *added]).set_index("content")

    pd.testing.assert_frame_equal(after.loc[before.index], before)


@given(names, st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_a_content_has_one_side(content: str, validation: float, test: float) -> None:
    """The same in every process and on every machine."""
    found = split.side(content, "salt", validation, test)

    assert found in split.SIDES
    assert split.side(content, "salt", validation, test) == found


def test_sides_are_written_down() -> None:
    """A changed hash would move videos between training and test of all users: keep these."""
    sides = [split.side(f"content {number}", "vq-1", **SHARES) for number in range(8)]

    assert sides == [
        "validation",
        "train",
        "train",
        "train",
        "validation",
        "validation",
        "train",
        "train",
    ]


def test_shares_are_about_right() -> None:
    """Of 4000 contents: within four standard deviations, 0.025, of 0.2 and 0.2."""
    table = assign(MANY)
    shares = table["split"].value_counts(normalize=True)

    assert shares["test"] == pytest.approx(0.2, abs=0.026)
    assert shares["validation"] == pytest.approx(0.2, abs=0.026)
    rest = table[table["split"] != "test"]
    assert (rest["repeat_0"] == "validation").mean() == pytest.approx(0.25, abs=0.032)


def test_repeats_leave_the_test_alone() -> None:
    """Pruning must not see it; and each repeat is another split."""
    table = assign(MANY)
    is_test = table["split"] == "test"

    for repeat in ("repeat_0", "repeat_1", "repeat_2"):
        assert set(table.loc[is_test, repeat]) == {""}
        assert set(table.loc[~is_test, repeat]) == {"train", "validation"}
    assert (table["repeat_0"] != table["repeat_1"]).any()


def test_another_salt_is_another_split() -> None:
    """Results can be confirmed once on a split that nothing was tuned on."""
    assert (assign(MANY)["split"] != assign(MANY, salt="other")["split"]).any()


def test_all_versions_of_a_content_are_on_one_side(tmp_path: Path) -> None:
    """The table has a content once, sorted; videos look theirs up."""
    versions = pd.DataFrame({"content": MANY[:50] * 3}, dtype="string")
    write_csv(tmp_path / "splits.csv", assign(versions["content"].tolist()))

    table = split.read(tmp_path / "splits.csv")
    sides = split.of_videos(versions, table)

    assert table["content"].tolist() == sorted(MANY[:50])
    assert (sides.groupby(versions["content"]).nunique() == 1).all()
    assert set(sides) == set(split.SIDES)


def test_a_content_in_two_data_sets_is_one_content() -> None:
    """The same source under two names of sets: a student must not train on what it is tested on."""
    both = pd.DataFrame({"content": ["city", "city"], "dataset": ["web", "lab"]}, dtype="string")

    assert split.of_videos(both, assign([*MANY[:60], "city"])).nunique() == 1


def test_a_family_is_on_the_side_of_its_head() -> None:
    """In every column; all others stay where they are."""
    family = MANY[:4]
    apart = assign(MANY[:60]).set_index("content")
    joined = split.assign(
        MANY[:60],
        salt="salt",
        repeats=3,
        representatives=dict.fromkeys(family, family[0]),
        **SHARES,
    ).set_index("content")

    assert apart.loc[family, "split"].nunique() > 1
    for column in apart:
        assert set(joined.loc[family, column]) == {apart.loc[family[0], column]}
    pd.testing.assert_frame_equal(joined.drop(family), apart.drop(family))


def test_a_content_without_a_side_is_an_error() -> None:
    """Splits and manifest have to be of one run."""
    with pytest.raises(DataError, match=r"without a split: \['new'\]; run `vq split`"):
        split.of_videos(pd.DataFrame({"content": ["new"]}, dtype="string"), assign(MANY[:60]))


def test_too_few_contents_are_an_error() -> None:
    """How many there are on which side, and what can be done."""
    with pytest.raises(DataError, match=r"too few contents on a side: .* of 3, need two"):
        split.check(assign(MANY[:3]))


def test_an_empty_side_of_a_repeat_is_an_error() -> None:
    """Ninety repeats of a score of contents: one of them has no validation."""
    with pytest.raises(DataError, match=r"repeat_\d+ leaves train or validation empty; add"):
        split.check(assign(MANY[:20], repeats=90))


def test_another_file_is_no_split(tmp_path: Path) -> None:
    """Missing and wrong files are told apart from good ones."""
    path = tmp_path / "splits.csv"
    with pytest.raises(DataError, match=r"splits\.csv: missing or empty; run `vq split`"):
        split.read(path)
    path.write_text("content,split\na,everything\n")
    with pytest.raises(DataError, match=r"splits\.csv: not a file of splits"):
        split.read(path)
