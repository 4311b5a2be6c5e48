"""The card of a data set."""

from pathlib import Path

import pytest

from vq.data import card
from vq.errors import DataError

GOOD = "name: d\nopinion: human\nscale: {min: 1, max: 5}\nlicence: CC0-1.0\n"
DMOS = (
    "datasets:\n  lab: {opinion: human, scale: {min: 0, max: 100}, better: lower, licence: own}\n"
)


def test_a_short_card_will_do(tmp_path: Path) -> None:
    """What every scale needs, and who may use it; higher is better unless said otherwise."""
    path = tmp_path / "card.yaml"
    path.write_text(GOOD)

    found = card.load(path)

    assert (found.name, found.opinion, found.better) == ("d", "human", "higher")
    assert (found.scale.min, found.scale.max) == (1, 5)


def test_a_card_may_describe_other_sets(tmp_path: Path) -> None:
    """Each has its own scale and direction; the primary, which the card is named for, is first."""
    path = tmp_path / "card.yaml"
    path.write_text(GOOD + DMOS)

    found = card.load(path)

    assert list(found.sets) == ["d", "lab"]
    lab = found.sets["lab"]
    assert (lab.better, lab.scale.max, lab.licence) == ("lower", 100, "own")
    assert found.sets["d"].scale.max == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param("name: [", "not valid YAML", id="no-yaml"),
        pytest.param(GOOD.replace("human", "mine"), "opinion: .*'human' or 'synthetic'", id="who"),
        pytest.param(GOOD.replace("max: 5", "max: 1"), "min 1.0 is not below max 1.0", id="scale"),
        pytest.param(GOOD + "colour: red\n", "colour: unknown key", id="unknown-key"),
        pytest.param("name: d\n", "licence: Field required", id="lacks-keys"),
        pytest.param(GOOD + DMOS.replace("lab", "d"), "the \\*other\\* sets.*'d'", id="twice"),
        pytest.param(GOOD + DMOS.replace("lab", "''"), "none can be ''", id="nameless"),
        pytest.param(
            GOOD + DMOS.replace(", better: lower", ", name: x"), "lab.name: unknown", id="other-key"
        ),
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
    assert "a card has opinion, scale, better" in str(error.value)
