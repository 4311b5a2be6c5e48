"""What a version of the data did to the one before it, held against limits by real suites."""

from pathlib import Path

import pandas as pd
import pytest

from vq.data.card import Card, Ratings, Scale
from vq.errors import DataError
from vq.params import Versions
from vq.validation.version_checks import Version, compare, find, read

SCALE = Scale(min=1, max=5)
CARD = Card(name="web", opinion="human", scale=SCALE, licence="own")
LIMITS = Versions(
    max_dropped=0.0, max_replaced=0.0, max_regrouped=0.0, max_moved=0.1, max_relabelled=0.0
)


def version(*videos: str, card: Card = CARD) -> Version:
    """Of rows like `a h1 3.5 cat`: video, hash, mos (or -), content, and maybe the data set."""
    lines = [[*one.replace(" - ", "  ").split(" "), "web"][:5] for one in videos]
    text = "\n".join(["video,sha256,mos,content,dataset", *map(",".join, lines), ""])
    return read(text.encode(), card)


ROWS = ("a h1 3.5 cat", "b h2 2.0 dog", "c h3 - fox", "d h4 1.0 cow", "e h5 4.0 hen")
OLD = version(*ROWS)


def test_every_change_has_its_check_and_a_remedy(tmp_path: Path) -> None:
    """What is only new, newly labelled or moved within the limit has none; there are pages."""
    new = version("b h9 2.4 dog", "c h3 5.0 fox", "d h4 1.5 ox", "e h5 - hen", "f h6 1.0 emu")

    found = find(OLD, new, params=LIMITS, docs=tmp_path / "docs")

    assert found[["video", "check", "value"]].to_numpy().tolist() == [
        ["a", "dropped", "gone"],
        ["b", "replaced", "h2 -> h9"],
        ["d", "regrouped", "cow -> ox"],
        ["d", "relabelled", "1 -> 1.5"],
        ["e", "relabelled", "4 -> nothing"],
    ]
    assert found["remedy"].str.contains(r"versions\.max_").all()
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert any("relabelled" in page.read_text() for page in pages)


@pytest.mark.parametrize(
    ("limit", "holds"), [pytest.param(0.2, True, id="at"), pytest.param(0.19, False, id="above")]
)
def test_a_limit_is_a_share_of_the_videos_that_were_there(limit: float, holds: bool) -> None:
    """One of five is gone; new ones do not thin that out."""
    new = version(*[f"n{n} n{n} 3 n" for n in range(9)], *ROWS[1:])

    found = find(OLD, new, params=LIMITS.model_copy(update={"max_dropped": limit}))

    assert found.empty == holds


def test_relabelled_is_a_share_of_those_that_had_a_label() -> None:
    """One of four: c had none."""
    new = version("a h1 5.0 cat", *ROWS[1:])
    limits = [LIMITS.model_copy(update={"max_relabelled": most}) for most in (0.25, 0.24)]

    assert [find(OLD, new, params=one).empty for one in limits] == [True, False]


def test_another_name_for_the_same_file_is_not_gone() -> None:
    """Its bytes are there."""
    new = version("z h1 3.5 cat", *ROWS[1:])

    assert find(OLD, new, params=LIMITS).empty


def test_the_same_version_has_no_finding_and_neither_has_the_first() -> None:
    """Nothing to compare with is no change."""
    assert find(OLD, OLD, params=LIMITS).empty
    assert find(version(), OLD, params=LIMITS).empty


def test_a_card_that_says_something_else_of_the_same_numbers_relabels() -> None:
    """3 of 1 to 5 is the middle; of 0 to 10 it is not. Turned round, only the middle stays."""
    old = version("a h 3 cat", "b i 2 dog")
    wide = CARD.model_copy(update={"scale": Scale(min=0, max=10)})
    turned = CARD.model_copy(update={"better": "lower"})

    told = [
        compare(old, Version(old.rows, card), moved=0.1)["relabelled"].tolist()
        for card in (wide, turned)
    ]

    assert told == [["3 -> 3", ""], ["", "2 -> 2"]]


def test_each_set_has_its_own_scale() -> None:
    """10 of 100 points are a tenth; 1 of 4 a quarter."""
    lab = Ratings(opinion="human", scale=Scale(min=0, max=100), licence="own")
    card = CARD.model_copy(update={"datasets": {"lab": lab}})
    old = version("a h 30 cat lab", "b i 3 dog", card=card)
    new = version("a h 40 cat lab", "b i 4 dog", card=card)

    assert compare(old, new, moved=0.1)["relabelled"].tolist() == ["", "3 -> 4"]


def test_a_file_of_another_kind_is_refused() -> None:
    """The message says who writes the right one."""
    for text in (b"a,b\n1,2\n", b"video,sha256,mos,content,dataset\na,h,good,c,web\n"):
        with pytest.raises(DataError, match="what `import` writes"):
            read(text, CARD)


def test_names_that_read_like_numbers_stay_names() -> None:
    """A content called NA, a hash of digits."""
    rows = version("001 0 3 NA").rows

    assert rows.to_dict("records") == [
        {"video": "001", "sha256": "0", "mos": 3.0, "content": "NA", "dataset": "web"}
    ]
    assert pd.api.types.is_float_dtype(rows["mos"])
