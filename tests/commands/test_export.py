"""`vq export`: a folder that scores."""

from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq import cli
from vq.inference import runtime


def test_what_is_exported_scores_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Card and network, and nothing else that lay beside them."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS)
    (bundle / "student.safetensors").write_bytes(b"for training")
    video = write_video(tmp_path / "white.mkv")

    assert cli.main(["export", "--model", str(bundle), "--out", str(tmp_path / "new/out")]) == 0

    out = tmp_path / "new/out"
    assert sorted(path.name for path in out.iterdir()) == ["card.json", "student.onnx"]
    assert runtime.load(out).score(video).score == runtime.load(bundle).score(video).score
    assert runtime.load(out).card.model_id in capsys.readouterr().out


@pytest.mark.parametrize(
    ("out", "said"),
    [("new", "sha256 is"), ("file/new", "file/new: cannot be written (Not a directory)")],
)
def test_what_cannot_be_exported_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, said: str
) -> None:
    """A broken student, or no place for it; nothing is left."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS)
    (tmp_path / "file").touch()
    if out == "new":
        (bundle / "student.onnx").write_bytes(b"broken")

    assert cli.main(["export", "--model", str(bundle), "--out", str(tmp_path / out)]) == 1

    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
