"""Rules that decide on rows: the first that matches wins, and says why."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vq.errors import DataError
from vq.inference.row import Row
from vq.policy import read
from vq.policy.tables import decide

ROW = Row("a.mp4", "ok", score=2.4, low=1.9, high=3.0, mode="exact", label="poor", percentile=12.0)
GONE = Row("gone.mp4", "missing", "no such file")
RULES = [
    {"decision": "fail", "when": {"score": {"below": 2}}, "reason": "looks bad"},
    {"decision": "review", "when": {"low": {"below": 2}, "percentile": {"at_most": 20}}},
    {"decision": "fail", "when": {"status": ["missing", "unreadable"]}},
]


def one(row: Row, *rules: dict[str, Any], **more: str) -> tuple[str, str]:
    """What rules say of a row."""
    (decision,) = decide([row], {"rules": list(rules), **more})
    return decision.decision, decision.reason


def test_the_first_rule_that_matches_decides() -> None:
    """All of its conditions hold, and the sentence has their values."""
    assert one(ROW, *RULES) == ("review", "low 1.9 is below 2 and percentile 12 is at most 20")
    assert one(Row("b.mp4", "ok", score=1.5, low=1.0, percentile=1.0), *RULES) == (
        "fail",
        "looks bad: score 1.5 is below 2",
    )


def test_where_no_rule_matches_the_default_decides() -> None:
    """It passes unless the policy says otherwise."""
    assert one(ROW, RULES[0]) == ("pass", "no rule matches")
    assert one(ROW, RULES[0], default="review") == ("review", "no rule matches")


def test_what_has_no_score_is_decided_too() -> None:
    """By a rule on its status, else as the policy says; conditions on numbers do not hold."""
    assert one(GONE, *RULES) == ("fail", "status is missing")
    assert one(GONE, RULES[0]) == ("review", "has no score: no such file")
    assert one(GONE, RULES[0], unscored="fail")[0] == "fail"


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"below": 2.4}, False),
        ({"at_most": 2.4}, True),
        ({"above": 2.4}, False),
        ({"at_least": 2.4}, True),
        ({"above": 2, "below": 3}, True),
    ],
)
def test_bounds_belong_to_a_rule_or_not(bounds: dict[str, float], holds: bool) -> None:
    """Below and above leave the bound itself out."""
    assert (one(ROW, {"decision": "fail", "when": {"score": bounds}})[0] == "fail") is holds


def test_rules_ask_for_words_and_causes() -> None:
    """A warning that says something, one of some labels, a cause that is likely."""
    row = Row(
        "a.mp4", "ok", score=2.4, label="poor", warning="HDR (PQ)", causes={"upscaled": 0.9}
    )  # fmt: skip
    for when, why in (
        ({"warning": {"contains": "hdr"}}, "warning contains hdr"),
        ({"warning": True}, "there is a warning (HDR (PQ))"),
        ({"label": ["bad", "poor"]}, "label is poor"),
        ({"causes": {"upscaled": {"above": 0.5}}}, "upscaled 0.9 is above 0.5"),
    ):
        assert one(row, {"decision": "review", "when": when}) == ("review", why)


def test_a_field_that_rows_lack_is_named() -> None:
    """Silence would pass what the rule is for."""
    small = {"decision": "fail", "when": {"short_side": {"below": 480}}}
    likely = {"decision": "fail", "when": {"causes": {"blur": {"above": 0.5}}}}

    with pytest.raises(
        DataError, match=r"policy asks for short_side, and a\.mp4 has no such field"
    ):
        one(ROW, small)
    with pytest.raises(DataError, match=r"policy asks for causes, and a\.mp4 has none"):
        one(ROW, likely)


def test_a_data_frame_gets_two_columns() -> None:
    """Whatever its index; a missing number is nan there, and width and height make a short side."""
    frame = pd.DataFrame(
        {"score": [1.0, 4.0, None], "status": ["ok", "ok", "missing"], "width": 640, "height": 360},
        index=[7, 8, 9],
    )
    small = {"decision": "review", "when": {"short_side": {"below": 480}, "score": {"above": 3}}}

    decided = decide(frame, {"rules": [RULES[0], small]})

    assert decided["decision"].tolist() == ["fail", "review", "review"]
    assert (
        decided["decision_reason"].tolist()[1]
        == "short_side 360 is below 480 and score 4 is above 3"
    )
    assert list(frame.columns) == ["score", "status", "width", "height"]


def test_rows_of_csv_are_texts() -> None:
    """As `csv.DictReader` gives them: numbers are read, and an empty cell is nothing."""
    row = {"video": "a.mp4", "status": "ok", "score": "1.5", "label": "bad", "causes": "blur 0.9"}
    sides = {"width": "1920", "height": "1080"}
    gone = {**row, "status": "missing", "score": "", "reason": "no such file", "causes": ""}
    blurred = {"decision": "fail", "when": {"causes": {"blur": {"above": 0.5}}}}
    small = {"decision": "review", "when": {"short_side": {"below": 1200}}}

    decided = decide([row, gone], {"rules": [RULES[0]]})
    assert [one.reason for one in decided] == [
        "looks bad: score 1.5 is below 2",
        "has no score: no such file",
    ]
    assert (
        decide([gone], {"rules": [{"decision": "fail", "when": {"label": "good"}}]})[0]
        == (decided[1])
    )
    assert decide([row], {"rules": [blurred]})[0].reason == "blur 0.9 is above 0.5"
    assert decide([row | sides], {"rules": [small]})[0].reason == "short_side 1080 is below 1200"
    with pytest.raises(DataError, match=r"a\.mp4: score is no number: 'good'"):
        decide([row | {"score": "good"}], {"rules": [RULES[0]]})
    with pytest.raises(DataError, match=r"a\.mp4: width is no number: '9x'"):
        decide([row | {"width": "9x", "height": "8"}], {"rules": [small]})


def test_a_batch_of_columns_stays_one() -> None:
    """As `map_batches` of Ray Data hands it over, and wants it back."""
    batch = {"video": np.array(["a", "b"], object), "score": np.array([1.0, 4.0], np.float32)}

    decided = decide(batch, {"rules": [RULES[0]]})

    assert set(decided) == {"video", "score", "decision", "decision_reason"}
    assert isinstance(decided["decision"], np.ndarray)
    assert decided["decision"].tolist() == ["fail", "pass"]


RULE = "rules:\n  - decision: {decision}\n    when: {when}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules:\n  - decison: fail\n    when: {score: {below: 2}}\n",
         r"p\.yaml:2: rules\.0\.decison: is no key of a rule; did you mean decision\?"),
        (RULE.format(decision="stop", when="{score: {below: 2}}"),
         r"p\.yaml:2: rules\.0\.decision: should be pass, review or fail, got 'stop'"),
        (RULE.format(decision="fail", when="{score: {below: bad}}"),
         r"p\.yaml:3: rules\.0\.when\.score\.below: should be a number, got 'bad'"),
        (RULE.format(decision="fail", when="{scroe: {below: 2}}"),
         r"p\.yaml:3: rules\.0\.when\.scroe: .*did you mean score\?"),
        (RULE.format(decision="fail", when="{percentile: {below: 120}}"),
         r"percentile\.below: should be from 0 to 100, got 120"),
        (RULE.format(decision="fail", when="{causes: {blurry: {above: .5}}}"),
         r"causes\.blurry: is no key of causes; did you mean blur\?"),
        (RULE.format(decision="fail", when="{label: awful}"),
         r"label: 'awful' is none of bad, poor"),
        (RULE.format(decision="fail", when="{}"), r"when: is empty, .*say that with default"),
        (RULE.format(decision="fail", when="{score: {below: 2, above: 3}}"),
         r"score: can never be: below 2 and above 3"),
        (RULE.format(decision="fail", when="{score: {below: 2}, low: {above: 3}}"),
         r"can never be: no number is so, given that low <= score <= high"),
        (RULE.format(decision="fail", when="{status: missing, score: {below: 2}}"),
         r"status: can never be: a row with such a status has no score"),
        (RULE.format(decision="fail", when="{causes: {blur: {at_least: 0}}}"),
         r"causes\.blur: always is: at_least 0"),
        ("rules: []\n", r"p\.yaml:1: rules: should be a list of rules, one at least"),
        ("rules:\n  - decision: fail\n   when: 3\n", r"p\.yaml:3: is no YAML"),
        ("default: pass\ndefault: fail\n", r"p\.yaml:2: default: is there twice"),
        ("default: 2026-99-99\n", r"p\.yaml: has a value that cannot be \(month must be"),
        ("rules: &a [*a]\n", r"p\.yaml: is nested too deeply, or in itself"),
        ("", r"p\.yaml: a policy should be a mapping with rules, default, unscored, got None"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_with_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    """Whoever wrote it finds it."""
    (tmp_path / "p.yaml").write_text(text)

    with pytest.raises(DataError, match=message) as raised:
        read.load(tmp_path / "p.yaml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"score": {"below": 3}}, {"score": {"below": 2}}),
        ({"low": {"below": 2.5}}, {"score": {"at_most": 2}}),
        ({"score": {"above": 3}}, {"low": {"above": 3}, "warning": True}),
        ({"label": ["bad", "poor"]}, {"label": "bad"}),
    ],
)
def test_a_rule_that_is_never_reached_is_refused(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    """The one before it takes all that it matches; the other way round both have their use."""
    rules = [{"decision": "review", "when": earlier}, {"decision": "fail", "when": later}]

    with pytest.raises(DataError, match=r"rules\.1: is never reached: rule 1 matches all"):
        read.parse({"rules": rules})
    read.parse({"rules": rules[::-1]})


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"score": {"below": 30}}, "score: 30 is off the scale: scores are from 1 to 5"),
        ({"score": {"below": 1}}, "score: no score is there"),
        ({"score": {"at_most": 5}}, "score: every score is there"),
        ({"low": {"below": 2}}, "low: student gives no interval; decide by score"),
        ({"percentile": {"below": 2}}, "percentile: student has no reference collection"),
    ],
)
def test_a_policy_fits_its_model(when: dict[str, Any], message: str) -> None:
    """A threshold for scores of 0 to 100 would decide nothing on 1 to 5."""
    policy = read.parse({"rules": [{"decision": "fail", "when": when}]})

    with pytest.raises(DataError, match=re.escape(message)):
        policy.check_model("student", (1.0, 5.0), interval=False, percentile=False)


def test_json_needs_nothing_installed(tmp_path: Path) -> None:
    """And says what stands where just as well."""
    (tmp_path / "p.json").write_text('{"rules": [{"decision": "fail", "when": {"score": 2}}]}')

    with pytest.raises(DataError, match=r"p\.json: rules\.0\.when\.score: it should be a mapping"):
        read.load(tmp_path / "p.json")
