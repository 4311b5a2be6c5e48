"""What has to be decoded, from numbers alone."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.video.decode_plan import NoPlanError, plan
from vq.video.packets import NO_TIME, Packets


def stream(groups: Sequence[str], **changes: object) -> Packets:
    """Packets of groups of pictures in the order of decoding, a letter each.

    `I` a keyframe, `P` a frame that others are predicted from, `b` one that none is, displayed
    before the `I` or `P` that precedes it: `IPbb` is displayed as `I b b P`. In an open group
    `b` may directly follow `I`, and is displayed before it.
    """
    letters = "".join(groups)
    shown: list[int] = []  # places in the order of display
    for place, letter in enumerate(letters):
        if letter == "b":
            anchor = max(n for n in range(place) if letters[n] != "b")
            shown.insert(shown.index(anchor), place)
        else:
            shown.append(place)
    pts = np.empty(len(letters), np.int64)
    pts[shown] = np.arange(len(letters)) * 40
    fields: dict[str, object] = {
        "pts": pts,
        "shown": np.ones(len(letters), np.bool_),
        "start": np.array([letter == "I" for letter in letters]),
        "spare": np.array([letter == "b" for letter in letters]),
        "order": np.full(len(letters), NO_TIME),
        "listed": True,
        "fault": "",
    }
    return Packets(**{**fields, **changes})  # type: ignore[arg-type]


CLOSED = stream(["IPbbPbb"] * 4)
"""Displayed as `I b b P b b P`; packets 0 2 3 1 5 6 4."""


def test_a_group_is_decoded_up_to_the_frame_that_is_wanted() -> None:
    """Frame 10 is the P of packet 8; the b that nobody wants are passed over."""
    found = plan(CLOSED, [10])

    assert np.flatnonzero(found.decoded).tolist() == [7, 8]
    assert [run.packets for run in found.runs] == [range(7, 9)]
    assert found.runs[0].expected.tolist() == [7 * 40, 10 * 40]


def test_a_wanted_frame_that_none_needs_is_decoded() -> None:
    """Frame 9, the second b of the second group, needs both I and P."""
    assert np.flatnonzero(plan(CLOSED, [9]).decoded).tolist() == [7, 8, 10]


def test_groups_without_a_wanted_frame_are_passed_over() -> None:
    """Frames of the first and the last group: two runs."""
    found = plan(CLOSED, [0, 21])

    assert [run.packets for run in found.runs] == [range(1), range(21, 22)]
    assert [run.floor for run in found.runs] == [0, 21 * 40]


def test_groups_that_touch_are_one_run() -> None:
    """There is nothing to skip between the last packet of one and the keyframe of the next."""
    found = plan(CLOSED, [5, 7])  # packet 6, the last of its group, and 7

    assert [run.packets for run in found.runs] == [range(8)]


def test_a_leading_frame_needs_the_group_before_its_own() -> None:
    """Of an open group: `I b b P`, its b displayed before I and predicted from the P before."""
    opened = stream(["IPbb", "IbbPbb", "IbbPbb"])  # displayed I b b P, b b I b b P, ...

    found = plan(opened, [10])  # packet 11, a b displayed before the third I

    assert [run.packets for run in found.runs] == [range(4, 12)]
    assert np.flatnonzero(found.decoded).tolist() == [4, 7, 10, 11]
    # The leading frames of the run's own first group are not to be believed.
    assert found.runs[0].floor == 6 * 40
    assert found.runs[0].expected.tolist() == [6 * 40, 9 * 40, 10 * 40, 12 * 40]


def test_frames_outside_the_edit_list_have_no_number() -> None:
    """They are decoded, since others refer to them."""
    shown = np.arange(28) >= 7
    found = plan(stream(["IPbbPbb"] * 4, shown=shown), [3])  # the P of packet 8

    assert found.times[0] == 7 * 40
    assert np.flatnonzero(found.decoded).tolist() == [7, 8]


@pytest.mark.parametrize(
    ("packets", "rule"),
    [
        pytest.param(stream(["IPP", "IPP"], fault="is odd"), "is odd", id="fault"),
        pytest.param(
            stream(["IPP"], pts=np.array([0, NO_TIME, 2])), "without a time", id="no-time"
        ),
        pytest.param(stream(["IPP"], pts=np.array([0, 1, 1])), "at one time", id="same-time"),
        pytest.param(stream(["PIP"]), "first packet is no keyframe", id="begins-without"),
        pytest.param(stream(["PPP"]), "first packet is no keyframe", id="no-keyframe"),
        pytest.param(
            stream(["IPP"], pts=np.array([1, 0, 2])), "before the first keyframe", id="leading"
        ),
        pytest.param(
            stream(["IPP", "IPP"], pts=np.array([0, 1, 9, 3, 4, 5])), "into others", id="late"
        ),
        pytest.param(
            stream(["IPP"] * 3, pts=np.array([0, 1, 2, 4, 5, 6, 8, 3, 9])),
            "into others",
            id="early",
        ),
        pytest.param(
            stream(["IPPP"], pts=np.array([0, 1, 2, 4]), listed=False),
            "seem to be missing",
            id="hole",
        ),
        pytest.param(stream(["IPPP"]), "save nothing", id="nothing-saved"),
    ],
)
def test_packets_that_do_not_fit_together_have_no_plan(packets: Packets, rule: str) -> None:
    """The rule is named."""
    with pytest.raises(NoPlanError, match=rule):
        plan(packets, [packets.frame_count - 1])


def test_a_list_of_packets_may_have_holes() -> None:
    """Of a variable rate; what is listed cannot have got lost."""
    times = np.array([0, 1, 30, 31, 32, 33])

    assert plan(stream(["IPP", "IPP"], pts=times), [4]).decoded.sum() == 2


def test_one_frame_is_no_video_to_plan() -> None:
    """It would save nothing."""
    with pytest.raises(NoPlanError, match="save nothing"):
        plan(stream(["I"]), [0])


def test_nothing_wanted_needs_no_plan() -> None:
    """Nor does it raise something else."""
    with pytest.raises(NoPlanError, match="no frame is wanted"):
        plan(CLOSED, [])


GROUPS = st.lists(
    st.lists(st.sampled_from(["P", "Pb", "Pbb"]), max_size=4).map(lambda parts: "".join(parts)),
    min_size=1,
    max_size=6,
)


@given(
    groups=GROUPS,
    opened=st.lists(st.sampled_from(["", "b", "bb"]), min_size=6, max_size=6),
    chosen=st.sets(st.integers(0, 10**6), min_size=1, max_size=8),
)
def test_a_plan_decodes_all_that_is_needed_and_little_else(
    groups: list[str], opened: list[str], chosen: set[int]
) -> None:
    """Whatever is wanted is decoded after its keyframe and all references, and expected."""
    leading = ["", *opened[1:]]
    packets = stream([f"I{b}{rest}" for b, rest in zip(leading, groups, strict=False)])
    wanted = {number % packets.frame_count for number in chosen}
    try:
        found = plan(packets, wanted)
    except NoPlanError as reason:
        assert "save nothing" in str(reason)  # noqa: PT017 - a plan is as good a result
        return

    starts = np.flatnonzero(packets.start)
    order = np.argsort(packets.pts)
    for number in wanted:
        place = order[number]
        group = np.searchsorted(starts, place, side="right") - 1
        if packets.pts[place] < packets.pts[starts[group]]:
            group -= 1
        (run,) = [run for run in found.runs if place in run.packets]
        assert starts[group] in run.packets
        assert packets.start[run.packets[0]]
        assert number * 40 >= run.floor
        assert number * 40 in run.expected
        references = np.arange(starts[group], place)[~packets.spare[starts[group] : place]]
        assert found.decoded[references].all()
        assert found.decoded[place]
    for run in found.runs:
        assert (np.diff(run.expected) > 0).all()
    assert {*np.flatnonzero(found.decoded & packets.spare)} <= {*order[sorted(wanted)]}
    ends = [(run.packets[0], run.packets[-1], *run.expected[[0, -1]]) for run in found.runs]
    assert all(a[1] < b[0] and a[3] < b[2] for a, b in pairwise(ends))
