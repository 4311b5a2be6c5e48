"""A reviewer sees which decisions a change turns round."""

from tests.review.scratch import CARD
from vq.review.flips_diff import section
from vq.review.markdown import Section
from vq.review.metrics_diff import pair
from vq.review.revision import Revision

PARAMS = "seed: 7\nevaluate: {bootstrap: 50, confidence: 0.95}\nrelease: {thresholds: [4, 2.5]}\n"
CONTENTS = "abcdefgh"


def revision(
    shift: float, *, params: str = PARAMS, card: str = CARD, predictions: str | None = None
) -> Revision:
    """Eight contents of validation, with scores from 1.5 to 3.6, moved; and one of test."""
    lines = ["video,content,split,mos,student"]
    lines += [
        f"{name}.mp4,{name},validation,{place},{1.5 + 0.3 * place + shift:.2f}"
        for place, name in enumerate(CONTENTS)
    ]
    lines.append(f"t.mp4,t,test,3,{2.4 + 10 * shift}")
    files = {"predictions": predictions or "\n".join(lines).encode(), "card": card.encode()}
    name = "abc" if shift == 0 else "def"
    return Revision(name, "", {}, files, {"params.yaml": params})


def told(
    old: Revision, new: Revision, *, behind: bool = False, to_run: bool = False
) -> Section | None:
    """The section of two revisions."""
    return section(old, new, pair(old, new), behind=behind, to_run=to_run)


def test_flips_are_those_of_validation() -> None:
    """Of eight scores, 2.4 crosses 2.5; a map takes it back. By hand."""
    text = told(revision(0.0), revision(0.2))

    assert text is not None
    assert text.headline.startswith("decisions at threshold `2.5` change most: 12.5% [0.0%, ")
    two, four = text.body.splitlines()[2:4]
    assert two.startswith("| 2.5 | 50.0% | 12.5% [0.0%, 37.5%] | 0.0% [0.0%, ")
    assert four.startswith("| 4 | 100.0% | 0.0% [0.0%, ")
    assert "Shares of 8 validation videos" in text.body


def test_without_thresholds_there_is_nothing_to_say() -> None:
    """Nor where the older params have no such key."""
    bare = PARAMS.replace("release: {thresholds: [4, 2.5]}", "release: {}")
    assert told(revision(0.0), revision(0.2, params=bare)) is None
    assert told(revision(0.0, params=bare), revision(0.2)) is not None


def test_what_cannot_be_compared_is_one_sentence() -> None:
    """A stage to run, no predictions, another scale; and what is old is marked."""
    old, new = revision(0.0), revision(0.2)
    waiting, missing, scaled, late = (
        told(old, new, to_run=True),
        told(revision(0.0, predictions="it is nowhere"), new),
        told(old, revision(0.2, card=CARD.replace("max: 5", "max: 100"))),
        told(old, new, behind=True),
    )

    assert waiting is not None
    assert waiting.headline.endswith("`evaluate` has still to run")
    assert missing is not None
    assert missing.headline == "decisions cannot be compared: at abc, it is nowhere"
    assert scaled is not None
    assert scaled.headline.endswith("the scale of ratings is another one")
    assert late is not None
    assert late.body.endswith("older than abc, whose dvc.lock is behind.")
