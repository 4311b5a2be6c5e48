"""A change is seen between two commits, under real git and real dvc."""

import re
import shutil
from pathlib import Path

import pytest

from tests.review import scratch
from tests.review.scratch import edit
from tests.workspace import change, commit, copy_workspace, run
from vq.cli import main
from vq.errors import DataError
from vq.pipeline import remote as dvc_remote
from vq.pipeline import run_stages
from vq.review.review import review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has run once, for all tests of this module."""
    return scratch.make(tmp_path_factory.mktemp("scratch") / "mine")


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it, on a branch."""
    root = copy_workspace(made, tmp_path / "mine")
    run(root, "git", "switch", "--quiet", "--create", "change")
    return root


def commit_as_it_is(root: Path) -> None:
    """Put what git has been told of into a commit."""
    who = ("-c", "user.name=vq", "-c", "user.email=vq@localhost")
    run(root, "git", *who, "commit", "--quiet", "--message", "As it is")


def lines(root: Path, revision: str | None = None, to: str | None = None) -> list[str]:
    """The review of a change."""
    return review(root, revision, to).markdown().splitlines()


def test_a_change_that_has_run_is_told_from_end_to_end(root: Path) -> None:
    """From knobs to verdict; of test there is the verdict alone."""
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")
    scratch.score(root, error=0.1)
    scratch.rate(root, {**scratch.RATINGS, "new.mp4": "", "a1.mp4": "1.2"})
    scratch.update(root)
    commit(root, "A smaller c")

    found = lines(root, "main", "change")

    assert re.fullmatch(r"From `\w{7}` \(A run\) to `\w{7}` \(A smaller c\)\.", found[0])
    assert "- 1 knob turned." in found
    assert "| `distill.c` | `3.0` | `1.0` | first feature against second feature |" in found
    assert "| `import` | `given/manifest.csv` | has run | not known |" in found
    assert "| `judge` | another `validation.json` | has run | not known |" in found
    (agreed,) = [line for line in found if line.startswith("- SRCC of the student")]
    assert agreed.endswith(": better, beyond noise.")
    assert "- 1 video added, 1 video relabelled." in found
    assert "- Checks of the data: every limit holds." in found
    assert "| `a1.mp4` | relabelled | 1.00 | 1.2 |" in found
    assert "- Verdict: every gate opens." in found
    assert [line for line in found if "test-" in line] == []
    here = lines(root)
    assert re.fullmatch(
        r"From `\w{7}` \(A run\), where it left `main`, to the working tree\.", here[0]
    )
    assert here[1:] == found[1:]


def test_experts_slices_gates_and_packages_are_compared(root: Path) -> None:
    """Each as it was before the change and as it is after."""
    scratch.score(root, error=0.1)
    scratch.prune(root, distortion="the best first effect", motion="helps", quality="")
    scratch.judge(root, plcc=0.6, srcc=0.8)
    edit(root, "requirements.lock", "torch==2.15.0", "torch==2.16.0")
    edit(root, "given/columns.yaml", "0.2", "0.3")
    edit(root, "weights/hub.lock", "{}", "{net: 12}")
    (root / "weights/net.onnx").write_text("a network")
    run_stages.add(root, [Path("weights/net.onnx")])
    scratch.update(root)
    commit(root, "Another zoo")
    (root / "weights/net.onnx").unlink()  # a reviewer need not have it

    text = review(root, "main", "change").markdown()

    found = text.splitlines()
    slices = "`codec = hevc` lost most: SRCC 0.900 -> 0.600 (-0.300) on 8 videos"
    assert f"- Of 2 slices, {slices}." in found
    assert "- 2 of 3 experts kept: `motion` joined." in found
    assert "| `motion` | was not there | kept | helps |" in found
    assert "- Locked dependencies: 1 changed." in found
    assert "| `torch` | 2.15.0 | 2.16.0 |" in found
    assert "| `given/columns.yaml: order.apart` | `0.2` | `0.3` | least difference |" in found
    (row,) = [line for line in found if line.startswith("| `evaluate` |")]
    assert "`weights/hub.lock`" in row or "`weights` (" in row
    assert "| has run |" in row
    assert [line for line in found if "behind" in line] == []
    assert "- Verdict: 1 of 2 gates stays shut (this change: `plcc` shut)." in found
    assert "| plcc | open, 0.900 [0.800, 1.000] | **shut**, 0.600 [0.500, 0.700] | PLCC on" in text


def test_a_change_that_has_not_run_has_no_results(root: Path) -> None:
    """All below the knob is to run; what is there is of an earlier state, and says so."""
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")
    (root / "code/new.py").touch()

    found = lines(root)

    assert "| `distill` | `distill.c`; `code/new.py` | **to run** | not known |" in found
    assert "| `judge` | after `evaluate` | **to run** | not known |" in found
    assert "- Agreement is not known: `evaluate` has still to run." in found
    assert "- There is no verdict on this change: `judge` has still to run." in found
    assert [line for line in found if "SRCC" in line] == []


def test_data_that_changes_too_much_stops_ci(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--strict` exits with 1 then, and where nobody knows; each video has reason and remedy."""
    monkeypatch.chdir(root)
    assert main(["diff", "main", "--strict"]) == 0
    left = {video: mos for video, mos in scratch.RATINGS.items() if video[0] != "b"}
    scratch.rate(root, left)
    assert main(["diff", "main", "--strict"]) == 1
    assert "The data cannot be checked: `import` has still to run" in capsys.readouterr().out

    scratch.update(root)

    assert main(["diff", "main"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "- Checks of the data: 2 videos dropped, which is more than the limits allow." in told
    (row,) = [line for line in told if line.startswith("| `b1.mp4` | dropped |")]
    assert (
        row
        == "| `b1.mp4` | dropped | `gone` | bring the video back, or raise versions.max_dropped |"
    )
    out = tmp_path / "out"
    assert main(["diff", "main", "--strict", "--out", str(out)]) == 1
    assert (out / "data_docs/index.html").exists()


def test_a_commit_without_limits_cannot_be_checked(root: Path) -> None:
    """One that is older than the section says so."""
    text = (root / "params.yaml").read_text()
    (root / "params.yaml").write_text(text[: text.index("versions:")])
    scratch.rate(root, {**scratch.RATINGS, "new.mp4": ""})
    scratch.update(root)

    (told,) = [line for line in lines(root) if line.startswith("- The data cannot be checked")]

    assert told.endswith("here, `params.yaml` has no section `versions`.")


def test_a_lock_that_is_behind_stops_ci(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--require-run` exits with 1 until the stages have run; the review is there all the same."""
    monkeypatch.chdir(root)
    assert main(["diff", "main", "--require-run"]) == 0
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")
    assert main(["diff", "main"]) == 0
    capsys.readouterr()

    assert main(["diff", "main", "--require-run"]) == 1

    text, errors = capsys.readouterr()
    assert "- 3 stages made stale: 3 still to run" in text
    assert "error: --require-run: 3 stages still to run (distill, evaluate, judge); `dvc" in errors
    assert main(["diff", "main", "--require-run", "--out", str(tmp_path / "out")]) == 1
    assert "3 still to run" in (tmp_path / "out/diff.md").read_text()
    scratch.update(root)
    assert main(["diff", "main", "--require-run"]) == 0


def test_params_that_the_pipeline_refuses_stop_ci(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the sentence that a stage would say, in the review and as an error."""
    monkeypatch.chdir(root)
    edit(root, "params.yaml", "max_dropped: 0.1", "max_dropped: 7")
    scratch.rate(root, {**scratch.RATINGS, "new.mp4": ""})
    scratch.update(root)

    assert main(["diff", "main"]) == 1

    text, errors = capsys.readouterr()
    told = "versions.max_dropped: Input should be less than or equal to 1 (got 7)"
    assert f"- **error**: params.yaml: {told}." in text.replace("\\", "")
    assert f"vq diff: error: params.yaml: {told}\n" in errors
    assert "- 1 video added." in text
    commit(root, "Too many")
    assert main(["diff", "HEAD"]) == 1  # though nothing differs
    edit(root, "params.yaml", "max_dropped: 7", "max_dropped: 0.1")
    assert main(["diff", "HEAD"]) == 0
    assert "has 1 key that is wrong today." in capsys.readouterr().out


def test_a_change_starts_where_it_left_main(root: Path) -> None:
    """What others have brought to main since is none of its doing."""
    edit(root, "params.yaml", "min_srcc: 0.75", "min_srcc: 0.65")
    commit(root, "A lower floor")
    run(root, "git", "switch", "--quiet", "main")
    edit(root, "params.yaml", "c: 3.0", "c: 9.0")
    commit(root, "Another change")
    run(root, "git", "switch", "--quiet", "change")

    found = lines(root)

    assert "- 1 knob turned." in found
    assert "| `judge.min_srcc` | `0.75` | `0.65` | floor of the student on test |" in found


def test_no_change_is_one_sentence(root: Path) -> None:
    """Nothing else is worth reading."""
    assert lines(root)[2:] == ["Nothing differs."]


def test_a_change_of_other_files_touches_no_stage(root: Path) -> None:
    """Documentation, say."""
    (root / "README.md").write_text("Hello\n")

    assert lines(root)[2:5] == [
        "- No knob turned.",
        "- No stage made stale.",
        "- SRCC of the student on validation 0.960 -> 0.960 (+0.000 [+0.000, +0.000]): the same.",
    ]


def test_a_result_that_was_edited_by_hand_is_found(root: Path) -> None:
    """It is not what its stage wrote, and a reviewer should not take it for that."""
    edit(root, "verdict.json", "0.800", "0.999")

    found = lines(root)

    told = "dvc.lock is behind: `verdict.json` is not what it wrote"
    assert f"| `judge` | {told} | **to run** | not known |" in found


def test_a_fresh_clone_reads_results_from_the_remote(root: Path, tmp_path: Path) -> None:
    """As a machine of CI does: nothing is pulled, nothing has run there."""
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")
    scratch.score(root, error=0.1)
    scratch.update(root)
    commit(root, "A smaller c")
    expected = lines(root, "main", "change")
    dvc_remote.push(root)
    run(root, "git", "switch", "--quiet", "main")
    dvc_remote.pull(root)
    dvc_remote.push(root)
    run(root, "git", "switch", "--quiet", "change")
    run(tmp_path, "git", "clone", "--quiet", "mine", "theirs")

    found = lines(tmp_path / "theirs", "origin/main")

    assert found[1:] == expected[1:]


@pytest.mark.parametrize(
    ("remote", "reason"),
    [
        pytest.param(True, "neither in the cache nor in the remote `team`: `dvc push`", id="set"),
        pytest.param(False, "not in the cache, and no remote is set that `dvc pull`", id="none"),
    ],
)
def test_results_that_are_nowhere_are_not_known(root: Path, *, remote: bool, reason: str) -> None:
    """The rest of the review stands, names what is missing, and says how to get it."""
    if not remote:
        edit(root, ".dvc/config", "remote = team", "")
        run(root, "git", "add", ".dvc/config")
        commit_as_it_is(root)
    scratch.rate(root, {**scratch.RATINGS, "a1.mp4": "1.2"})
    scratch.update(root)
    shutil.rmtree(root / ".dvc/cache")

    found = lines(root, "HEAD")

    assert "| `import` | `given/manifest.csv` | has run | not known |" in found
    (data,) = [line for line in found if line.startswith("- Videos cannot be compared: at ")]
    assert f"`manifest.csv` is {reason}" in data
    assert [line for line in found if "Differences are not known: at " in line]


def test_data_that_is_the_same_need_not_be_here(root: Path) -> None:
    """What dvc.lock says of it is enough."""
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")
    shutil.rmtree(root / ".dvc/cache")

    assert "- No video changed." in lines(root)


def test_a_remote_that_does_not_answer_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With its own words, and not as if nothing were there."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    scratch.rate(root, {**scratch.RATINGS, "a1.mp4": "1.2"})
    scratch.update(root)
    shutil.rmtree(root / ".dvc/cache")
    edit(root, ".dvc/config", "../../shared", "s3://bucket\n    endpointurl = http://127.0.0.1:9")

    (data,) = [line for line in lines(root) if line.startswith("- Videos cannot be compared")]

    assert "the remote does not give `manifest.csv` (NoCredentialsError" in data
    assert data.endswith("try `dvc pull`.")


def test_a_commit_in_which_nothing_has_run_has_no_results(root: Path) -> None:
    """As a pipeline whose dvc.lock is in no commit: knobs and stages are told all the same."""
    run(root, "git", "rm", "--quiet", "--cached", "dvc.lock")
    commit_as_it_is(root)
    edit(root, "params.yaml", "c: 3.0", "c: 1.0")

    found = lines(root, "HEAD")

    assert "- 1 knob turned." in found
    (data,) = [line for line in found if line.startswith("- Videos cannot be compared")]
    assert data.endswith("there is no dvc.lock; `dvc repro` makes it.")
    assert "| `import` | had not run before | has run | not known |" in found


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        pytest.param("params.yaml", "seed: [7\n", r"params\.yaml", id="params"),
        pytest.param("dvc.yaml", "stages: {sort: {comand: 1}}\n", r"dvc\.yaml", id="dvc"),
    ],
)
def test_a_broken_revision_is_named(root: Path, file: str, text: str, message: str) -> None:
    """With its file; one line, not a traceback."""
    good = (root / file).read_text()
    (root / file).write_text(text)
    commit(root, "Broken")
    (root / file).write_text(good)

    with pytest.raises(DataError, match=rf"^\w{{7}}: .*{message}"):
        review(root, "change", None)


def test_an_unknown_revision_is_named(root: Path) -> None:
    """As it was typed."""
    with pytest.raises(DataError, match="git knows no revision 'mian'"):
        review(root, "mian", None)


def test_without_git_there_is_nothing_to_compare_with(root: Path) -> None:
    """No repository, or one without a commit."""
    shutil.rmtree(root / ".git")
    with pytest.raises(DataError, match="is in no git repository"):
        review(root, None, None)

    run(root, "git", "init", "--quiet")
    with pytest.raises(DataError, match="no commit yet"):
        review(root, None, None)


@pytest.mark.slow
def test_the_review_of_a_real_pipeline(tiny_workspace: Path, tmp_path: Path) -> None:
    """Two commits of a workspace that has really run, as a reviewer gets them."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    run(root, "git", "switch", "--quiet", "--create", "change")
    change(root / "params.yaml", {"judge": {"min_srcc": 0.123}})
    run(root, "dvc", "repro")
    commit(root, "A lower floor")

    told = run(root, "vq", "diff", "--out", "out", "--pictures", "https://example.org/run").stdout

    assert told == "out/diff.md\n"
    text = (root / "out/diff.md").read_text()
    assert "| `judge.min_srcc` | `0.75` | `0.123` |" in text
    assert "1 stage made stale: all have run" in text
    assert re.search(r"\| `judge` \| `judge.min_srcc` \| has run \| \d+\.\d s", text)
    assert "paired, on the same" in text
    assert "the floor of 0.123." in text
    assert "[scatter.png](https://example.org/run)" in text
    assert (root / "out/scatter.png").read_bytes().startswith(b"\x89PNG")
