"""The model card: everything that was measured, and nothing that was not."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.metrics.exhibit import exhibit
from vq.report import model_card
from vq.report.failures import failures

STUDENT = model_card.Student(
    model_id="student-0123456789ab",
    meaning="1 to 5, higher is better",
    backbone="net",
    seed=7,
    licences=("data toy: CC0",),
    coverage=0.9,
    size_mb=2.5,
    gmacs=0.0125,
    memory_mb=1.25,
)
VIDEOS = pd.DataFrame(
    {
        "dataset": exhibit().card.name,
        "content": ["a", "a", "b", "c"],
        "split": ["train", "train", "train", "test"],
    }
)


def test_a_person_reads_all_that_matters() -> None:
    """Data, licences, use, agreement with intervals, by mode and slice, failures, cost."""
    data = exhibit()
    exact = {"srcc": data.test["models"]["student"]["srcc"], "exact_srcc": 1.0}
    modes = {"exact": {**exact, "decoded": 0.5, "moments": 8.0}}
    data = replace(data, test={**data.test, "modes": modes})
    text = model_card.render(data, STUDENT, VIDEOS)

    srcc = data.test["models"]["student"]["srcc"]
    ends = f"[{srcc['low']:.3f}, {srcc['high']:.3f}]"
    assert f"SRCC **{srcc['value']:.3f}** {ends} with the synthetic MOS" in text
    assert "| 3 (2) | 0 (0) | 1 (1) |" in text
    for heading in ("it is for", "it learnt from", "it costs", "it was made of"):
        assert f"\n## What {heading}\n" in text
    assert "\n## Where it fails\n\n- " in text
    assert f"| exact | {srcc['value']:.3f} {ends} | 1.000 | 50% | 8.0 |" in text
    assert "| banding |" in text
    assert "2.50 MB. Its network takes 0.0125 GMACs" in text
    assert "- data toy: CC0" in text
    assert model_card.render(data, STUDENT, VIDEOS) == text


def test_what_was_not_measured_is_not_there() -> None:
    """No intervals of scores, no modes, no order: no table of them."""
    data = exhibit()
    test = {**data.test, "modes": None, "order": None, "coverage": None, "slices": {}}
    text = model_card.render(replace(data, test=test), replace(STUDENT, coverage=None), VIDEOS)

    assert "By mode" not in text
    assert "By slice" not in text
    assert "right order" not in text
    assert "it has no interval" in text


def summary(**other: object) -> dict[str, object]:
    """A test with nothing to complain of."""
    sure = {"low": 0.1}
    return {
        "models": {"student": {"srcc": {"value": 0.8}}},
        "differences": {"student-constant": sure, "student-handcrafted": sure},
        "slices": {"codec": {"vp9": {"n": 9, "srcc": 0.75, "mean_error": 0.1}}},
        "order": None,
        "coverage": {"value": 0.92, "nominal": 0.9},
        **other,
    }


def test_nothing_stands_out() -> None:
    """Then nothing is said."""
    assert failures(summary(), span=4.0) == []


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        pytest.param(
            {"differences": {"student-constant": {"low": None}}},
            "It is not surely better than the baseline `constant`.",
            id="baseline",
        ),
        pytest.param(
            {"slices": {"codec": {"vp9": {"n": 9, "srcc": 0.5, "mean_error": 0.1}}}},
            "codec vp9: SRCC 0.500 on 9 videos, 0.800 on all.",
            id="weak",
        ),
        pytest.param(
            {"slices": {"codec": {"vp9": {"n": 9, "srcc": None, "mean_error": -0.4}}}},
            "codec vp9: scores are 0.40 too low on average, on 9 videos.",
            id="biased",
        ),
        pytest.param(
            {"order": {"kinds": {"freeze": {"value": 0.5, "pairs": 4}}}},
            "freeze: of 4 pairs of versions whose order is sure, scores keep 0.500.",
            id="order",
        ),
        pytest.param(
            {"coverage": {"value": 0.8, "nominal": 0.9}},
            "Its intervals hold 0.800 of the test ratings, less than the 0.9 that they promise.",
            id="coverage",
        ),
    ],
)
def test_what_stands_out_is_a_sentence(other: dict[str, object], sentence: str) -> None:
    """Numbers and place."""
    assert failures(summary(**other), span=4.0) == [sentence]
