"""The command line answers at once, and a mistake gets one clear line."""

import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from vq import cli
from vq.stages import STAGES

ROOT = Path(__file__).parents[1]


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_help_imports_nothing_but_the_standard_library() -> None:
    """What is not imported costs nothing; numpy and pydantic alone would take half a second."""
    done = _run(
        "import atexit, sys\n"
        "before = set(sys.modules)\n"
        "def tell():\n"
        "    new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "    sys.stderr.write(' '.join(sorted(new - set(sys.stdlib_module_names) - {'vq'})))\n"
        "atexit.register(tell)\n"
        "from vq import cli\n"
        "cli.main(['--help'])\n"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: vq" in done.stdout


def test_help_comes_at_once() -> None:
    """Half a second, by the best of three: other processes may be in the way."""

    def seconds() -> float:
        start = time.perf_counter()
        _run("from vq import cli; cli.main(['--help'])")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_lists_every_stage_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    """With a line each."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])

    out = " ".join(capsys.readouterr().out.split())
    assert stopped.value.code == 0
    for name, line in {**STAGES, **cli.COMMANDS}.items():
        assert f"{name} {line}" in out


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reports a problem can say which it is."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"vq {version('vq')}\n"


@pytest.mark.parametrize("arguments", [[], ["distil"], ["--colour"]], ids=str)
def test_an_unknown_command_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the usage."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)

    assert stopped.value.code == 2
    assert "usage: vq" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*STAGES, *cli.COMMANDS])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its help names what it takes."""
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])

    assert stopped.value.code == 0
    assert f"usage: vq {name}" in capsys.readouterr().out


def test_an_unknown_key_in_params_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the file and the key; the stage does not start."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["split"]["sallt"] = "vq-2"
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))

    assert (
        cli.main(["split", "--params", str(path), "no.parquet", "no.parquet", "out.csv", "out.csv"])
        == 1
    )

    assert capsys.readouterr().err == (
        f"vq split: error: {path}: split.sallt: unknown key; see vq/params.py for the known ones\n"
    )


def test_a_value_out_of_range_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the value."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["split"]["test"] = 1.5
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))

    assert (
        cli.main(["split", "--params", str(path), "no.parquet", "no.parquet", "out.csv", "out.csv"])
        == 1
    )

    error = capsys.readouterr().err
    assert f"{path}: split.test: " in error
    assert "(got 1.5)" in error
    assert len(error.splitlines()) == 1


def test_missing_params_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever stands in the wrong folder is told so."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["split", "no.parquet", "no.parquet", "out.csv", "out.csv"]) == 1

    error = "vq split: error: params.yaml: no such file; run in the folder that has it\n"
    assert capsys.readouterr().err == error
