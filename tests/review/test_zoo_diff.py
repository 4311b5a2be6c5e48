"""A reviewer learns which experts came and went, and why."""

import pytest

from vq.review.markdown import Section
from vq.review.revision import Revision
from vq.review.zoo_diff import section

HEAD = "expert,kept,reason"
BEFORE = f"{HEAD}\nmotion,True,passes\nquality,True,passes\ntext,False,fails\n"


def told(before: str, after: str, *, behind: bool = False, to_run: bool = False) -> Section:
    """The section of two tables of pruning."""
    old, new = (
        Revision(name, "", {}, {"pruning": table.encode()}, {})
        for name, table in (("abc", before), ("def", after))
    )
    return section(old, new, behind=behind, to_run=to_run)


def test_experts_that_came_and_went_have_reasons() -> None:
    """Those whose lot is the same are not shown, although their reason may read otherwise."""
    after = (
        f"{HEAD}\nmotion,True,passes (confidence 0.98)\nface,True,helps\n"
        "quality,False,would not surely help\nnoise,False,says what text says\n"
    )

    text = told(BEFORE, after)

    assert text.headline == "2 of 4 experts kept: `face` joined, `quality` left"
    assert text.body.splitlines() == [
        "| expert | before | after | why |",
        "| --- | --- | --- | --- |",
        "| `face` | was not there | kept | helps |",
        "| `quality` | kept | dropped | would not surely help |",
        "| `noise` | was not there | dropped | says what text says |",
        "| `text` | dropped | gone |  |",
        "",
        "Combination: `face`, `motion`. Before: `motion`, `quality`.",
    ]


def test_the_same_experts_are_one_sentence() -> None:
    """Confidences move with every run."""
    text = told(BEFORE, BEFORE.replace("passes", "passes with confidence 1.00"))

    assert text == Section("Zoo", "the same 2 of 3 experts kept", "")


def test_an_expert_that_is_tried_in_vain_is_shown() -> None:
    """The combination stays as it is."""
    text = told(BEFORE, f"{BEFORE}noise,False,fails\n")

    assert text.headline == "2 of 4 experts kept: the same combination"
    assert "| `noise` | was not there | dropped | fails |" in text.body


def test_a_large_zoo_is_counted() -> None:
    """Ten of a kind are shown."""
    text = told(BEFORE, BEFORE + "".join(f"x{n},False,fails\n" for n in range(12)))

    assert text.body.count("was not there") == 10
    assert "And 2 more dropped." in text.body


def test_what_is_older_than_the_commit_says_so() -> None:
    """Pruning had still to run there."""
    after = BEFORE.replace("text,False", "text,True")

    assert "What was before is older than abc" in told(BEFORE, after, behind=True).body
    assert told(BEFORE, after, to_run=True).headline.endswith("`prune` has still to run")


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("expert,kept\nmotion,True\n", id="no-reason"),
        pytest.param(f"{HEAD}\nmotion,maybe,passes\n", id="neither-kept-nor-dropped"),
        pytest.param("", id="empty"),
    ],
)
def test_a_table_that_pruning_did_not_write_is_named(table: str) -> None:
    """Of the change there is nothing to say then; without that before there is the combination."""
    assert "at def, prune.csv is not what `prune` writes" in told(BEFORE, table).headline
    text = told(table, BEFORE)
    assert text.headline.startswith("2 of 3 experts kept; before is not known: at abc, prune.csv")
    assert text.body == "Combination: `motion`, `quality`."
