"""`params.yaml` as types."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from vq import params
from vq.errors import ParamsError

PROJECT = Path(__file__).parents[1] / "params.yaml"


def load(tmp_path: Path, section: str, **changes: object) -> params.Params:
    """The project's params with a few keys changed."""
    known = yaml.safe_load(PROJECT.read_text())
    known[section] |= changes
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(known))
    return params.load(path)


@pytest.mark.parametrize(
    ("section", "changes", "match"),
    [
        pytest.param("training", {"levles": 5}, r"training\.levles: unknown key", id="unknown-key"),
        pytest.param(
            "training", {"levels": 1}, r"training\.levels: .* \(got 1\)", id="out-of-range"
        ),
        pytest.param("training", {"dim": "wide"}, r"training\.dim: .*'wide'", id="wrong-type"),
        pytest.param(
            "extract", {"experts": {"distortion": {}}}, "at least two experts", id="one-expert"
        ),
        pytest.param("split", {"test": 0.9}, "leave nothing to train on", id="no-training-share"),
        pytest.param("prune", {"top": 5, "max_experts": 4}, "top .5. is more than", id="top"),
        pytest.param(
            "training", {"plcc": float("nan")}, r"training\.plcc: .*finite", id="no-number"
        ),
        pytest.param(
            "extract",
            {"experts": {"a.b": {}, "c": {}}},
            r"experts\.a\.b.*pattern",
            id="dotted-name",
        ),
        pytest.param(
            "extract", {"experts": {"views": {}, "c": {}}}, "called views", id="reserved-name"
        ),
        pytest.param("teach", {"kernel": 1.5}, r"teach\.kernel: .*1\.5", id="more-than-all"),
        pytest.param(
            "teach", {"kernel_videos": -1}, r"teach\.kernel_videos: .*-1", id="below-none"
        ),
        pytest.param(
            "training", {"ema": 1.0}, r"training\.ema: .*1\.0", id="average-that-never-moves"
        ),
        pytest.param("training", {"precision": 16}, r"training\.precision: .*'32-true'", id="bits"),
        pytest.param(
            "evaluate",
            {"order": {"film": "film"}},
            r"evaluate\.order: is now `order` of columns\.yaml",
            id="moved",
        ),
        pytest.param(
            "import",
            {"keep": ["film"]},
            r"import\.keep: is now `keep` of columns\.yaml",
            id="moved-too",
        ),
        pytest.param(
            "release", {"thresholds": [3.0, 2, 3]}, "is there twice; name it once", id="twice"
        ),
        pytest.param(
            "release", {"thresholds": ["low"]}, r"release\.thresholds\.0: .*'low'", id="no-number"
        ),
        pytest.param("judge", {"min_order": 90}, r"judge\.min_order: .*90", id="no-share"),
        pytest.param("distill", {"mode": "both"}, r"distill\.mode: .*'both'", id="no-such-mode"),
    ],
)
def test_what_params_refuse_names_file_key_and_value(
    tmp_path: Path, section: str, changes: dict[str, Any], match: str
) -> None:
    """A typo in a pull request is one line in the log, not a run with defaults."""
    with pytest.raises(ParamsError, match=rf"params\.yaml: {section}.*{match}|{match}"):
        load(tmp_path, section, **changes)


@pytest.mark.parametrize("content", [b"seed: \xff\n", None], ids=["not-utf-8", "a-folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """One sentence, no traceback."""
    path = tmp_path / "params.yaml"
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(ParamsError, match=r"params\.yaml: (is not UTF-8|cannot be read)"):
        params.load(path)


def test_options_of_a_network_keep_their_type(tmp_path: Path) -> None:
    """An architecture that wants `img_size: 224` refuses 224.0."""
    options = {"img_size": 224, "drop": 0.1, "pad_type": "same", "global_pool": True}
    experts = {"a": {"catalog": "timm", "options": options}, "b": {}}
    found = load(tmp_path, "extract", experts=experts).extract.experts["a"].options
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in options.items()
    }


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """One line for each key: nobody fixes them one run at a time."""
    with pytest.raises(ParamsError) as caught:
        load(tmp_path, "teach", levels=1, dimm=3)

    assert len(str(caught.value).splitlines()) == 2


def test_a_section_cannot_be_changed() -> None:
    """What a stage was given is what was recorded."""
    with pytest.raises(ValueError, match="frozen"):
        params.load(PROJECT).training.dim = 3


@pytest.mark.parametrize(
    "override",
    ["distill.c=1", "prune.max_gmacs=5", "extract.experts.quality.fusion=mean", "judge.min_plcc=0"],
)
def test_an_experiment_changes_one_line(tmp_path: Path, override: str) -> None:
    """`dvc exp run -S`: the file is laid out as dvc writes it, so that a diff is what changed."""
    path = tmp_path / "params.yaml"
    shutil.copy(PROJECT, path)
    apply_overrides(path, [override])

    lines = zip(PROJECT.read_text().splitlines(), path.read_text().splitlines(), strict=True)
    assert len([before for before, after in lines if before != after]) == 1
