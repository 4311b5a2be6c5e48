"""Params that no stage would take are found before anybody runs one."""

from tests.workspace import ROOT
from vq.review.params_check import section
from vq.review.revision import Revision

VALID = (ROOT / "params.yaml").read_text()


def revision(name: str, text: str) -> Revision:
    """A revision of which nothing else matters."""
    return Revision(name, "", {}, {}, {"params.yaml": text})


def test_valid_params_need_no_word() -> None:
    """Of either end."""
    assert section(revision("abc", VALID), revision("def", VALID)) is None


def test_params_of_a_change_that_are_wrong_are_an_error() -> None:
    """Each key has its sentence; the summary has the first one."""
    wrong = VALID.replace("min_srcc: 0.75", "min_srcc: 75").replace("  clip: 5.0", "  klip: 5.0")

    text = section(revision("abc", VALID), revision("def", wrong))

    assert text is not None
    assert text.headline.startswith("**error**: params.yaml: training.clip: Field required (and 2")
    assert "- params.yaml: training.klip: unknown key; see vq/params.py" in text.body
    assert "- params.yaml: judge.min\\_srcc: Input should be less than or equal to 1" in text.body


def test_params_from_before_that_are_wrong_today_are_no_error() -> None:
    """They may have been right in their time."""
    text = section(revision("abc", f"{VALID}\nsuspect: {{z: 3}}\n"), revision("def", VALID))

    assert text is not None
    assert "error" not in text.headline
    assert text.headline == "`params.yaml` of abc has 1 key that is wrong today"
    assert text.body == "- params.yaml: suspect: unknown key; see vq/params.py for the known ones"


def test_a_change_without_params_is_an_error() -> None:
    """No stage runs without them."""
    text = section(revision("abc", VALID), Revision("def", "", {}, {}, {}))

    assert text is not None
    assert text.headline == "**error**: params.yaml: no such file, or no stage reads it"
