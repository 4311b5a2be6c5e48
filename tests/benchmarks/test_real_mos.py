"""The benchmark on real MOS, on files that are made up."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import material as materials
from benchmarks.real_mos import main

MakeFile = Callable[..., Path]


def test_every_model_is_measured_on_every_split(
    make_file: MakeFile, tmp_path: Path, short: str
) -> None:
    """By hand, ours, and students of a cheap block; full references are no experts."""
    how = ["--splits", "1", "--student", "cheap_light", "--groups", "--params", short]
    main([str(make_file(groups=12)), *how, "--out", str(tmp_path / "out")])

    results = json.loads((tmp_path / "out" / "results.json").read_text())["made_up"]
    singles = [f"{kind}:{name}" for kind in ("svr", "head") for name in ("sharp", "dover")]
    students = ["student_plain", "student_staged", "student_joint", "student_svr"]
    together = ["mean", "concat", "stack", "teacher", "teacher_train"]
    assert sorted(results) == sorted([*singles, *together, *students])
    assert {"srcc", "plcc", "sd", "per_split"} <= set(results["teacher"])
    assert [len(one["per_split"]) for one in results.values()] == [1] * len(results)


def test_a_file_without_the_cheap_block_has_no_student(
    make_file: MakeFile, tmp_path: Path, short: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is measured, and a line says so."""
    experts = ["--expert", "a=sharp", "--expert", "b=dover_technical"]
    how = ["--splits", "1", "--params", short, *experts]
    with caplog.at_level("INFO"):
        main([str(make_file()), *how, "--out", str(tmp_path)])

    results = json.loads((tmp_path / "results.json").read_text())["made_up"]
    assert "teacher" in results
    assert not [name for name in results if name.startswith("student")]
    assert "made_up: has no block videval60_light480_3fps, so no student" in caplog.text


def test_in_brief_the_teacher_meets_support_vectors_alone(
    make_file: MakeFile, tmp_path: Path, short: str
) -> None:
    """Paired, on as many labels as asked for."""
    how = ["--splits", "2", "--brief", "--labelled", "30", "--params", short]
    main([str(make_file()), *how, "--out", str(tmp_path)])

    results = json.loads((tmp_path / "results.json").read_text())["made_up"]
    differences = json.loads((tmp_path / "differences.json").read_text())["made_up"]
    assert list(results) == ["concat", "teacher", "teacher_learnt"]
    assert list(differences) == [
        "teacher - concat",
        "teacher - teacher_learnt",
        "teacher_learnt - concat",
    ]
    assert results["concat"]["srcc"] == pytest.approx(np.mean(results["concat"]["per_split"]))
    assert len(results["concat"]["per_split"]) == 2
    gap = results["teacher"]["srcc"] - results["concat"]["srcc"]
    assert differences["teacher - concat"]["value"] == pytest.approx(gap)


def test_fewer_labels_leave_the_test_side_whole(make_file: MakeFile) -> None:
    """Training and validation shrink alike, and nothing joins them."""
    sides = materials.split(materials.read(make_file()), rng=np.random.default_rng(0))

    few = materials.fewer(sides, 24, rng=np.random.default_rng(1))

    assert (len(few.train), len(few.validation)) == (20, 4)
    assert set(few.train) < set(sides.train)
    assert set(few.validation) < set(sides.validation)
    assert np.array_equal(few.test, sides.test)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(["missing.npz"], r"missing\.npz: no such file", id="missing"),
        pytest.param(["text.npz"], r"text\.npz: not an \.npz", id="text"),
        pytest.param(["other.npz"], r"other\.npz: has no names and no mos", id="other"),
        pytest.param(["uneven.npz"], r"uneven\.npz: sharp has shape \(3,", id="uneven"),
        pytest.param(["made_up.npz", "--groups"], r"made_up: has no column group", id="groups"),
        pytest.param(
            ["made_up.npz", "--expert", "a=sharp", "--expert", "b=blunt"],
            r"made_up: has no block 'blunt'; it has cheap_light",
            id="block",
        ),
        pytest.param(["made_up.npz", "--labelled", "49"], "must be 20 to 48", id="labelled"),
        pytest.param(["made_up.npz", "--expert", "a=sharp"], "needs two experts", id="one"),
        pytest.param(["made_up.npz", "--expert", "sharp"], r"write NAME=block", id="form"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    given: list[str], message: str, make_file: MakeFile, tmp_path: Path
) -> None:
    """No traceback: the file and what is the matter with it."""
    make_file()
    make_file("uneven", sharp=np.ones((3, 2)))
    (tmp_path / "text.npz").write_text("names")
    np.savez(tmp_path / "other.npz", pictures=np.ones(3))

    with pytest.raises(SystemExit, match=f"^real_mos: .*{message}") as error:
        main([str(tmp_path / given[0]), *given[1:], "--out", str(tmp_path)])
    assert "\n" not in str(error.value)


def test_videos_of_a_source_stay_together(make_file: MakeFile) -> None:
    """Every source is on one side of a split, every video on exactly one."""
    material = materials.read(make_file(groups=12))
    assert material.group is not None
    for seed in range(5):
        sides = materials.split(material, rng=np.random.default_rng(seed))

        parts = [sides.train, sides.validation, sides.test]
        assert sorted(np.concatenate(parts)) == list(range(60))
        sources = [set(material.group[rows]) for rows in parts]
        assert sum(map(len, sources)) == len(set.union(*sources)) == 12
