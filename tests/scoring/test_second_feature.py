"""The second feature costs no bit of a score, and is written only if it is wanted."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.scoring.test_row import GOOD
from tests.scoring.toy import MOMENTS, SIDE_PX, random_network, write_bundle, write_video
from vq.errors import WeightsError
from vq.inference import runtime, second_feature
from vq.scoring import formats
from vq.scoring.formats import FORMS, About
from vq.scoring.journal import Journal
from vq.scoring.locate import SHIPPED, locate

VIEWS = np.random.default_rng(0).integers(0, 256, (MOMENTS, 4, SIDE_PX, SIDE_PX), np.uint8)
WANTED = replace(GOOD, feature="AAAAPAA+")


def test_it_is_what_the_head_reads(tmp_path: Path) -> None:
    """The head of the toy gives the levels of it; scores have the same bits with and without."""
    kernel, head = random_network(1)
    bundle = write_bundle(tmp_path / "student", kernel, head)
    plain, model = (runtime.load(bundle, feature=feature) for feature in (False, True))

    scored = model.predict(VIEWS)

    feature = np.frombuffer(base64.b64decode(scored.feature), "<f2").astype(np.float64)
    logits = feature @ head
    levels = np.exp(logits - logits.max())
    np.testing.assert_allclose(levels / levels.sum(), scored.levels, atol=0.01)
    np.testing.assert_array_equal(plain.predict(VIEWS).levels, scored.levels)
    assert plain.predict(VIEWS).feature == ""
    video = write_video(tmp_path / "white.mkv")
    assert plain.score(video).score == model.score(video).score
    assert len(base64.b64decode(model.score(video).feature)) == 2 * len(head)


def test_the_shipped_student_has_one() -> None:
    """Of 128 numbers; the ONNX checker takes the network for whole."""
    network = (locate(SHIPPED) / "student.onnx").read_bytes()
    name = second_feature.name_in(network)

    changed = onnx.load_from_string(second_feature.as_output(network, name))

    assert [each.name for each in changed.graph.output] == ["levels", name]
    session = onnxruntime.InferenceSession(changed.SerializeToString())
    assert session.get_outputs()[1].shape[1:] == [128]


@pytest.mark.parametrize("damage", [b"", b"\x3a\x05abc"], ids=["empty", "cut"])
def test_a_network_without_is_refused(tmp_path: Path, damage: bytes) -> None:
    """The file is named, and the way around."""
    card = runtime.load(write_bundle(tmp_path, *random_network(1))).card

    with pytest.raises(WeightsError, match=r"s\.onnx: has no second feature.*without --feature"):
        runtime.build(card, damage, name=Path("s.onnx"), feature=True)


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.read])
def test_every_form_keeps_it(tmp_path: Path, name: str) -> None:
    """Also beside a row that has none."""
    failed = formats.Row("b.mp4", "missing", "gone")
    with (tmp_path / "rows").open("wb") as file:
        FORMS[name].write([WANTED, failed], file, About(2, "1 to 5", feature=True))

    assert list(formats.read(tmp_path / "rows", name)) == [WANTED, failed]


def test_a_score_without_it_is_scored_again_where_it_is_wanted(tmp_path: Path) -> None:
    """Whoever adds --feature to --resume gets one for each video."""
    common = {"mode": "exact", "label": "fair"}
    rows = [replace(GOOD, **common), replace(WANTED, video="b.mp4", **common)]
    with Journal(tmp_path / "rows.jsonl", "jsonl") as journal:
        journal.begin()
        for row in rows:
            journal.add(row)
        journal.finish([], About(2, "1 to 5"))

    for wanted, scored in ((False, {"a.mp4", "b.mp4"}), (True, {"b.mp4"})):
        with Journal(tmp_path / "rows.jsonl", "jsonl") as journal:
            journal.begin()
            assert journal.resume(GOOD.model, feature=wanted) == scored
