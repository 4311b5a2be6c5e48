"""A reviewer learns where a change has cost agreement."""

import json

import pytest

from vq.review.markdown import Section
from vq.review.revision import Revision
from vq.review.slices_diff import section


def told(
    before: dict[str, float | None],
    after: dict[str, float | None],
    *,
    behind: bool = False,
    to_run: bool = False,
) -> Section:
    """The section of two measurements of one column."""
    old, new = (
        Revision(name, "", {}, {"validation": _validation(srcc)}, {})
        for name, srcc in (("abc", before), ("def", after))
    )
    return section(old, new, behind=behind, to_run=to_run)


def _validation(srcc: dict[str, float | None]) -> bytes:
    values = {name: {"n": 9, "srcc": value, "mean_error": 0.0} for name, value in srcc.items()}
    return json.dumps([{"slices": {"codec": values}}]).encode()


def test_the_largest_loss_comes_first() -> None:
    """Slices that are the same, that are small, or that only one side has are not shown."""
    before = {"h264": 0.9, "hevc": 0.8, "vp9": 0.7, "av1": 0.6, "mjpeg": None, "old": 0.5}
    after = {"h264": 0.91, "hevc": 0.75, "vp9": 0.4, "av1": 0.6, "mjpeg": 0.1, "new": 0.5}

    text = told(before, after)

    assert text.headline == (
        "of 4 slices, `codec = vp9` lost most: SRCC 0.700 -> 0.400 (-0.300) on 9 videos"
    )
    assert text.body.splitlines()[2:5] == [
        "| `codec = vp9` | 9 | 0.700 | 0.400 | -0.300 |",
        "| `codec = hevc` | 9 | 0.800 | 0.750 | -0.050 |",
        "| `codec = h264` | 9 | 0.900 | 0.910 | +0.010 |",
    ]
    assert "no interval" in text.body


def test_ten_are_shown() -> None:
    """The others are counted."""
    text = told({f"c{n}": 0.5 for n in range(12)}, {f"c{n}": 0.4 for n in range(12)})

    assert text.body.count("| -0.100 |") == 10
    assert "And 2 more." in text.body


@pytest.mark.parametrize(
    ("after", "headline"),
    [
        pytest.param({"h264": 0.9}, "SRCC is the same in 1 slice", id="same"),
        pytest.param({"h264": 0.95}, "no slice of 1 lost SRCC", id="better"),
        pytest.param({"vp9": 0.9}, "slices: none has enough videos before and after", id="others"),
    ],
)
def test_without_a_loss_the_headline_says_so(after: dict[str, float | None], headline: str) -> None:
    """No table where nothing differs."""
    text = told({"h264": 0.9}, after)

    assert text.headline == headline
    assert bool(text.body) == (headline == "no slice of 1 lost SRCC")


def test_what_has_not_run_has_no_slices() -> None:
    """Or says that it is older than the commit."""
    assert told({}, {}, to_run=True).headline.endswith("`evaluate` has still to run")
    assert "older than abc" in told({"a": 0.1}, {"a": 0.2}, behind=True).body


def test_measurements_without_slices_are_named() -> None:
    """As of an earlier version of `evaluate`."""
    old, new = (
        Revision(name, "", {}, {"validation": text}, {})
        for name, text in (("abc", b'{"models": {}}'), ("def", b"[{}]"))
    )

    text = section(old, new, behind=False, to_run=False)

    assert text.headline == (
        "slices cannot be compared: at def, validation.json has no slices ('slices')"
    )
