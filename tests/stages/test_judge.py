"""The judge stage: files in, verdict out."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.registry.test_gates import PARAMS, measured
from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.data import manifest
from vq.errors import DataError, VqError, WeightsError
from vq.stages.judge import judge


class Files(NamedTuple):
    """Files of the stage, in order."""

    accepted: Path
    splits: Path
    test: Path
    checks: Path
    student: Path
    verdict: Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Paths of a student that passes every gate."""
    rows = [
        {"video": f"{content}.mp4", "sha256": f"{n:064d}", "content": content, "mos": 3.0}
        for n, content in enumerate(("ape", "bee", "cat"))
    ]
    manifest.write(manifest.build(rows), tmp_path / "accepted.parquet")
    (tmp_path / "splits.csv").write_text("content,split\nape,train\nbee,validation\ncat,test\n")
    (tmp_path / "test.json").write_text(json.dumps(measured()))
    checks = {"rows": 10, "rejected": 0, "by_check": {"readable": 0}}
    (tmp_path / "validate.json").write_text(json.dumps(checks))
    return Files(
        tmp_path / "accepted.parquet",
        tmp_path / "splits.csv",
        tmp_path / "test.json",
        tmp_path / "validate.json",
        write_bundle(tmp_path / "student", *BRIGHTNESS),
        tmp_path / "reports" / "verdict.json",
    )


def test_the_verdict_is_written(files: Files) -> None:
    """Every gate with value, threshold and sentence."""
    judge(**files._asdict(), params=PARAMS, strict=True)

    verdict = json.loads(files.verdict.read_text())
    assert verdict["accepted"] is True
    by_name = {gate["name"]: gate["value"] for gate in verdict["gates"]}
    assert by_name["size_mb"] == sum(file.stat().st_size for file in files.student.iterdir()) / 1e6
    assert all(gate["passed"] and gate["sentence"] for gate in verdict["gates"])


def test_a_shut_gate_is_no_failure_of_the_pipeline(files: Files) -> None:
    """A bad student is a result; `dvc repro` goes on, and the verdict is on file."""
    files.test.write_text(json.dumps(measured(srcc=0.1)))

    judge(**files._asdict(), params=PARAMS)

    assert json.loads(files.verdict.read_text())["accepted"] is False


def test_strict_makes_it_one(files: Files) -> None:
    """The error has the sentence, and the verdict is written all the same."""
    files.test.write_text(json.dumps(measured(srcc=0.1)))

    with pytest.raises(VqError, match=r"1 of 15 gates stay shut:\n  SRCC on test is 0\.100"):
        judge(**files._asdict(), params=PARAMS, strict=True)
    assert files.verdict.exists()


def test_a_student_that_is_not_there_is_an_error(files: Files) -> None:
    """An empty folder would otherwise pass the budgets."""
    (files.student / "student.onnx").unlink()

    with pytest.raises(WeightsError, match=r"student\.onnx: no such file"):
        judge(**files._asdict(), params=PARAMS)


def test_a_test_video_that_is_in_training_is_found(files: Files) -> None:
    """By content, where splits contradict themselves; as the same file under another name."""
    files.splits.write_text("content,split\nape,train\nbee,validation\ncat,test\ncat,train\n")
    judge(**files._asdict(), params=PARAMS)
    by_name = json.loads(files.verdict.read_text())["gates"][-1]
    rows = manifest.read(files.accepted).assign(sha256="0" * 64)
    manifest.write(rows, files.accepted)
    files.splits.write_text("content,split\nape,train\nbee,validation\ncat,test\n")
    judge(**files._asdict(), params=PARAMS)
    by_file = json.loads(files.verdict.read_text())["gates"][-1]

    assert by_name["name"] == by_file["name"] == "overlap"
    assert (by_name["value"], by_file["value"]) == (1, 1)
    assert "1 of 1 test video was learnt from, the first is of cat" in by_file["sentence"]


def test_a_measurement_that_is_not_there_is_named(files: Files) -> None:
    """And what to do about it."""
    files.checks.unlink()

    with pytest.raises(DataError, match=r"validate\.json: cannot be read .* run `dvc repro`"):
        judge(**files._asdict(), params=PARAMS)


def test_the_verdict_does_not_depend_on_the_order_of_keys(files: Files) -> None:
    """The same numbers give the same bytes."""
    judge(**files._asdict(), params=PARAMS)
    first = files.verdict.read_bytes()
    files.test.write_text(json.dumps(measured(), sort_keys=True))
    judge(**files._asdict(), params=PARAMS)

    assert files.verdict.read_bytes() == first
