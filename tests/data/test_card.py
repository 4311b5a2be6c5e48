"""The card of a data set."""

from pathlib import Path

import pytest

from vq.data import card
from vq.errors import DataError

GOOD = "name: d\nopinion: human\nscale: {min: 1, max: 5}\nlicence: CC0-1.0\n"


def test_a_short_card_will_do(tmp_path: Path) -> None:
    """What every scale needs, and who may use it; higher is better unless said otherwise."""
    path = tmp_path / "card.yaml"
    path.write_text(GOOD)

    found = card.load(path)

    assert (found.name, found.opinion, found.better) == ("d", "human", "higher")
    assert (found.scale.min, found.scale.max) == (1, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param("name: [", "not valid YAML", id="no-yaml"),
        pytest.param(GOOD.replace("human", "mine"), "opinion: .*'human' or 'synthetic'", id="who"),
        pytest.param(GOOD.replace("max: 5", "max: 1"), "min 1.0 is not below max 1.0", id="scale"),
        pytest.param(GOOD + "colour: red\n", "colour: unknown key", id="unknown-key"),
        pytest.param("name: d\n", "licence: Field required", id="lacks-keys"),
    ],
)
def test_a_bad_card_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    """The file, the key, and what a card has."""
    path = tmp_path / "card.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(DataError, match=message) as error:
        card.load(path)

    assert "card.yaml" in str(error.value)
    assert "a card has name, title, opinion" in str(error.value)
