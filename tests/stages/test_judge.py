"""The judge stage: files in, verdict out."""

import json
from pathlib import Path

import pytest

from tests.release.test_gates import PARAMS, measured
from vq.errors import DataError, VqError
from vq.stages.judge import judge


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path, Path]:
    """Paths of a student that passes every gate."""
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "student.onnx").write_bytes(bytes(1000))
    (tmp_path / "test.json").write_text(json.dumps(measured()))
    (tmp_path / "validate.json").write_text(json.dumps({"rows": 10, "rejected": 0}))
    return (
        tmp_path / "test.json",
        tmp_path / "validate.json",
        tmp_path / "student",
        tmp_path / "reports" / "verdict.json",
    )


def test_the_verdict_is_written(files: tuple[Path, Path, Path, Path]) -> None:
    """Every gate with value, threshold and sentence."""
    judge(*files, params=PARAMS, seed=0, strict=True)

    verdict = json.loads(files[-1].read_text())
    assert verdict["accepted"] is True
    assert verdict["gates"][4]["value"] == pytest.approx(0.001)
    assert all(gate["passed"] and gate["sentence"] for gate in verdict["gates"])


def test_a_shut_gate_is_no_failure_of_the_pipeline(files: tuple[Path, Path, Path, Path]) -> None:
    """A bad student is a result; `dvc repro` goes on, and the verdict is on file."""
    files[0].write_text(json.dumps(measured(srcc=0.1)))

    judge(*files, params=PARAMS, seed=0)

    assert json.loads(files[-1].read_text())["accepted"] is False


def test_strict_makes_it_one(files: tuple[Path, Path, Path, Path]) -> None:
    """The error has the sentence, and the verdict is written all the same."""
    files[0].write_text(json.dumps(measured(srcc=0.1)))

    with pytest.raises(VqError, match=r"1 of 6 gates stay shut:\n  SRCC on test is 0\.100"):
        judge(*files, params=PARAMS, seed=0, strict=True)
    assert files[-1].exists()


def test_a_student_that_is_not_there_is_an_error(files: tuple[Path, Path, Path, Path]) -> None:
    """An empty folder would otherwise pass the size gate."""
    (files[2] / "student.onnx").unlink()

    with pytest.raises(DataError, match="holds no student"):
        judge(*files, params=PARAMS, seed=0)


def test_a_measurement_that_is_not_there_is_named(files: tuple[Path, Path, Path, Path]) -> None:
    """And what to do about it."""
    files[1].unlink()

    with pytest.raises(DataError, match=r"validate\.json: cannot be read .* run `dvc repro`"):
        judge(*files, params=PARAMS, seed=0)


def test_the_verdict_does_not_depend_on_the_order_of_keys(
    files: tuple[Path, Path, Path, Path],
) -> None:
    """The same numbers give the same bytes."""
    judge(*files, params=PARAMS, seed=0)
    first = files[-1].read_bytes()
    files[0].write_text(json.dumps(measured(), sort_keys=True))
    judge(*files, params=PARAMS, seed=1)

    assert files[-1].read_bytes() == first
