"""A turned knob stands beside the comment that explains it."""

from pathlib import Path

import pytest

from vq.errors import DataError
from vq.review.params_diff import MOST, comments, section, turned

TEXT = """\
# The file as a whole.

seed: 7            # of every random choice
data:
  dir: "a # b"     # where it is

teach:             # the ensemble
  # How wide it is,
  # in units.
  dim: 128
  hidden: 32
  sizes: [1, 2]    # in a row
  blocks:          # one by one
    - 1
    - 2
  experts: {a: {b: 1}, c: 2}   # the zoo
  long: some words
    that go on     # behind the last of them
"""


@pytest.mark.parametrize(
    ("key", "comment"),
    [
        pytest.param("seed", "of every random choice", id="behind-the-value"),
        pytest.param("data.dir", "where it is", id="a-hash-in-a-string-is-none"),
        pytest.param("data", "", id="none"),
        pytest.param("teach", "the ensemble", id="behind-the-key-of-a-section"),
        pytest.param("teach.dim", "How wide it is, in units.", id="above"),
        pytest.param("teach.hidden", "the ensemble", id="of-the-section-around"),
        pytest.param("teach.sizes", "in a row", id="behind-a-list"),
        pytest.param("teach.blocks", "one by one", id="behind-the-key-of-a-list"),
        pytest.param("teach.experts", "the zoo", id="behind-a-map"),
        pytest.param("teach.experts.a.b", "the zoo", id="inside-a-map"),
        pytest.param("teach.long", "behind the last of them", id="behind-the-last-line"),
    ],
)
def test_the_nearest_comment_explains_a_key(key: str, comment: str) -> None:
    """Behind it, above it, or that of what it is part of."""
    assert comments(TEXT)[key] == comment


def test_every_knob_of_the_project_is_explained() -> None:
    """By a comment of its own, of its section, or of the file: a reviewer need not ask."""
    told = comments((Path(__file__).parents[2] / "params.yaml").read_text())

    assert told["distill.c"] == "first feature against second feature"
    assert len(told) > 90


def test_knobs_come_in_the_order_of_the_file() -> None:
    """What is gone has its old comment and comes last; a knob of another file says which."""
    old = TEXT.replace("seed: 7", "seed: 6").replace("  dim: 128", "  gone: a|b  # what it was")
    before = {"params.yaml": old, "other.yaml": "size: 1"}
    after = {"params.yaml": TEXT, "other.yaml": "size: 2  # in pixels"}

    found = section(turned(before, after), before, after)

    assert found.headline == "4 knobs turned"
    assert found.body.splitlines()[2:] == [
        "| `other.yaml: size` | `1` | `2` | in pixels |",
        "| `seed` | `6` | `7` | of every random choice |",
        "| `teach.dim` | (was not there) | `128` | How wide it is, in units. |",
        r"| `teach.gone` | `a\|b` | (is gone) | what it was |",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("a: 2.0e-3", "a: 0.002", [], id="the-same-number"),
        pytest.param("a: [1]", "a: [1, 2]", [("a", "[1]", "[1, 2]")], id="list"),
        pytest.param("a: null", "a: 3", [("a", "null", "3")], id="null"),
        pytest.param("a: {b: 1}", "a: {}", [("a.b", "1", ""), ("a", "", "{}")], id="no-more-keys"),
        pytest.param("", "a: ''", [("a", "", '""')], id="empty-text"),
        pytest.param("a: 1  # one", "a: 1  # uno", [], id="comments-turn-nothing"),
    ],
)
def test_values_are_compared_not_texts(
    old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    """A key that holds nothing is there all the same."""
    found = turned({"params.yaml": old}, {"params.yaml": new})

    assert [(knob.key, knob.old, knob.new) for knob in found] == expected


def test_of_many_knobs_the_first_are_shown() -> None:
    """The others are counted: a comment has no room for all."""
    new = {"params.yaml": "\n".join(f"k{n}: 1" for n in range(MOST + 3))}

    found = section(turned({}, new), {}, new)

    assert found.headline == f"{MOST + 3} knobs turned"
    assert found.body.endswith("\n\nAnd 3 more.")


def test_a_file_that_is_no_yaml_is_named() -> None:
    """One line, not a traceback."""
    with pytest.raises(DataError, match=r"other\.yaml: is no YAML"):
        turned({}, {"other.yaml": "a: ["})


def test_no_knob_is_no_table() -> None:
    """The summary says it."""
    found = section([], {}, {"params.yaml": TEXT})

    assert (found.headline, found.body) == ("no knob turned", "")
