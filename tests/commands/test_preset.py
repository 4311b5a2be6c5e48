"""Presets: several knobs at once."""

import re
import shutil
from pathlib import Path

import pytest

from vq import params
from vq.cli import main
from vq.commands import preset

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "presets").glob("*.yaml"))


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's params and presets, to work in."""
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    for name in ("params.yaml", "data/demo/params.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_pipeline_takes_the_params_of_each_preset(name: str) -> None:
    """Other lines and all comments stay as they are; a second time nothing changes."""
    before = Path("params.yaml").read_text().splitlines()

    assert main(["preset", name]) == 0

    params.load(Path("params.yaml"))
    after = Path("params.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert all(old.partition("#")[2] == new.partition("#")[2] for old, new in changed)
    assert len(changed) < 12
    assert all(old == new for old, new in preset.apply(name).values())


def test_the_diff_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """With --dry-run it is all that happens."""
    before = Path("params.yaml").read_text()

    assert main(["preset", "gpu", "--dry-run"]) == 0

    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["--- a/params.yaml", "+++ b/params.yaml"]
    assert [line for line in shown if line.startswith("+  runtime: cuda")]
    assert Path("params.yaml").read_text() == before


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what it is for."""
    assert main(["preset"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(len(line.split()) > 5 for line in lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("params.yaml: {seed: -1}", "own.yaml: params.yaml: seed: .*-1", id="range"),
        pytest.param("params.yaml: {teach: {epoch: 1}}", "teach.epoch: unknown key", id="typo"),
        pytest.param("seed: 8", "should have knobs under the name of their file", id="no-file"),
        pytest.param("other.yaml: {seed: 8}", "other.yaml: cannot be read", id="missing"),
        pytest.param("a: [", "own.yaml: not valid YAML", id="no-yaml"),
    ],
)
def test_a_preset_that_cannot_be_used_changes_nothing(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and the files stay as they are."""
    Path("presets/own.yaml").write_text(text)
    before = Path("params.yaml").read_text()

    assert main(["preset", "own"]) == 1

    error = capsys.readouterr().err
    assert re.search(message, error)
    assert Path("params.yaml").read_text() == before


def test_an_unknown_preset_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All of them."""
    assert main(["preset", "huge"]) == 1

    assert f"no such preset; there are {', '.join(NAMES)}" in capsys.readouterr().err
