"""A bundle is whole, or one sentence says what is wrong with it."""

from pathlib import Path

import pytest

from tests.score.toy import BRIGHTNESS, write_bundle
from vq.errors import DataError, WeightsError
from vq.score import card


def test_a_card_says_what_its_numbers_mean(tmp_path: Path) -> None:
    """Whoever reads a score needs the scale and the direction."""
    found, network = card.load(write_bundle(tmp_path, *BRIGHTNESS))

    assert found.meaning == "1 to 5, higher is better"
    assert found.model_id == f"student-{found.onnx_sha256[:12]}"
    assert network == (tmp_path / "student.onnx").read_bytes()


def test_what_a_later_version_adds_is_no_obstacle(tmp_path: Path) -> None:
    """Within a format, new keys may come."""
    card.load(write_bundle(tmp_path, *BRIGHTNESS, weather="fine"))


@pytest.mark.parametrize("name", ["card.json", "student.onnx"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Half a bundle is none."""
    (write_bundle(tmp_path, *BRIGHTNESS) / name).unlink()

    with pytest.raises(WeightsError, match=rf"{name}: no such file.*dvc repro"):
        card.load(tmp_path)


def test_an_altered_network_is_refused(tmp_path: Path) -> None:
    """One bit is enough."""
    path = write_bundle(tmp_path, *BRIGHTNESS) / "student.onnx"
    altered = bytearray(path.read_bytes())
    altered[-1] ^= 1
    path.write_bytes(altered)

    with pytest.raises(WeightsError, match=r"student\.onnx: sha256 is .* says .*altered"):
        card.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"format": 2}, r"card\.json: format 2 is not known", id="later-format"),
        pytest.param({"values": [1, 6]}, r"level values \[6.0\] are outside", id="off-the-scale"),
        pytest.param({"views": {"moments": 3}}, r"views\.grid: Field required", id="no-grid"),
        pytest.param({"opinion": "mine"}, r"opinion: Input should be 'human'", id="opinion"),
    ],
)
def test_a_card_that_breaks_its_promise_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    """The sentence names the file and the key."""
    with pytest.raises(DataError, match=message):
        card.load(write_bundle(tmp_path, *BRIGHTNESS, **changes))


def test_a_card_that_is_no_json_is_named(tmp_path: Path) -> None:
    """A download that was cut off, say."""
    (write_bundle(tmp_path, *BRIGHTNESS) / "card.json").write_text('{"format": 1, ')

    with pytest.raises(DataError, match=r"card\.json: Invalid JSON"):
        card.load(tmp_path)
