"""What people wrote is shown as they wrote it."""

import pytest

from vq.review.markdown import LONGEST, code, few, plain, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a b", "a b", id="words"),
        pytest.param("a * b <c> _d_", r"a \* b \<c> \_d\_", id="marks"),
        pytest.param("`vq_zoo *`; 1*2", r"`vq_zoo *`; 1\*2", id="code-stays"),
        pytest.param("a ` b_c", r"a \` b\_c", id="a-lone-backtick"),
        pytest.param("[a](b)", r"\[a\](b)", id="no-link"),
    ],
)
def test_words_are_no_markdown(text: str, expected: str) -> None:
    """A comment or a commit message formats nothing, save code between backticks."""
    assert plain(text) == expected


def test_a_bar_ends_no_cell() -> None:
    """Nor does a new line end a row."""
    assert table(("a", ">b"), [("1|2", "x\ny")]) == "| a | b |\n| --- | ---: |\n| 1\\|2 | x y |"


def test_code_holds_any_value() -> None:
    """With backticks too; one that is too long is cut, and nothing is nothing."""
    assert code("a`b") == "`` a`b ``"
    assert code("x" * (LONGEST + 1)) == f"`{'x' * LONGEST}...`"
    assert code("") == ""


def test_of_many_the_first_are_told() -> None:
    """And how many more there are."""
    assert few(["a", "b", "c"], most=2) == "a, b and 1 more"
