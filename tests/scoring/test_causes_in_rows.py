"""Causes travel with a row through every form, and are there only if they are wanted."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.scoring.test_row import GOOD
from vq.inference.row import COLUMNS, Row, as_mapping
from vq.scoring import formats
from vq.scoring.formats import FORMS, About, as_table
from vq.scoring.journal import Journal

WANTED = replace(GOOD, causes={"compression": 0.93, "blur": 0.507, "noise": 0.0})
ABOUT = About(2, "1 to 5", causes=True)


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.read])
def test_every_form_keeps_causes_and_their_order(tmp_path: Path, name: str) -> None:
    """Also beside a row that has none."""
    failed = Row("b.mp4", "missing", "gone")
    with (tmp_path / "rows").open("wb") as file:
        FORMS[name].write([WANTED, failed], file, ABOUT)

    wanted, none = formats.read(tmp_path / "rows", name)
    assert (wanted, none) == (WANTED, failed)
    assert list(wanted.causes.items()) == list(WANTED.causes.items())


def test_in_csv_causes_are_one_text(tmp_path: Path) -> None:
    """A cell holds one value."""
    with (tmp_path / "rows.csv").open("wb") as file:
        FORMS["csv"].write([WANTED], file, ABOUT)

    assert "compression 0.93; blur 0.507; noise 0.0" in (tmp_path / "rows.csv").read_text()


@pytest.mark.parametrize(
    ("causes", "cell"),
    [
        ({"compression": 0.93, "blur": 0.8, "noise": 0.79}, "compression 0.93 and 1 more"),
        ({"compression": 0.93, "noise": 0.2}, "compression 0.93"),
        ({"noise": 0.79}, "none"),
    ],
    ids=["two", "one", "none"],
)
def test_a_table_names_the_first_cause(causes: dict[str, float], cell: str) -> None:
    """And how many more are likely; nothing of it where nobody wants causes."""
    assert f" {cell} " in as_table([replace(GOOD, causes=causes)], scale="1 to 5")
    assert "cause" not in as_table([GOOD], scale="1 to 5")


def test_a_row_without_causes_has_no_such_field() -> None:
    """Whoever does not ask for them reads the rows of before."""
    assert "causes" not in as_mapping(GOOD)
    assert "causes" not in COLUMNS
    assert "causes" not in About(2, "1 to 5").columns


@pytest.mark.parametrize("causes", [{"blur": 1.2}, {"blur": -0.1}, {"a; b": 0.5}], ids=str)
def test_a_cause_has_a_probability(causes: dict[str, float]) -> None:
    """What a worker or a file says is not believed."""
    with pytest.raises(ValueError, match="no row has such values"):
        replace(GOOD, causes=causes)


def test_a_score_without_causes_is_scored_again_where_they_are_wanted(tmp_path: Path) -> None:
    """Whoever adds --causes to --resume gets them for each video."""
    common = {"mode": "exact", "label": "fair"}
    rows = [replace(GOOD, **common), replace(WANTED, video="b.mp4", **common)]
    with Journal(tmp_path / "rows.jsonl", "jsonl") as journal:
        journal.begin()
        for row in rows:
            journal.add(row)
        journal.finish([], ABOUT)

    for wanted, scored in ((False, {"a.mp4", "b.mp4"}), (True, {"b.mp4"})):
        with Journal(tmp_path / "rows.jsonl", "jsonl") as journal:
            journal.begin()
            assert journal.resume(GOOD.model, causes=wanted) == scored
