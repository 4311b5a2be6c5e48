"""What packets say of themselves, in the words of the specifications."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.video import syntax
from vq.video.nal import UnitFacts


def golomb(number: int) -> str:
    """In Exp-Golomb code (H.264, 9.1), as bits: 0 is `1`, 1 is `010`, 2 is `011`."""
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def unit(head: bytes, bits: str, rest: bytes = b"\x33\x41\x55\x71") -> bytes:
    """A NAL unit: its head, fields as bits, and some bytes that nobody reads."""
    bits += "1" * (-len(bits) % 8)
    return head + int(bits, 2).to_bytes(len(bits) // 8, "big") + rest


SETS = (
    # Baseline profile; sequence 0, 4 bits of frame_num, order type 0 with 4; 6 x 4 macroblocks.
    unit(b"\x67\x42\x00\x1f", "1111" + golomb(1) + "0" + golomb(5) + golomb(3) + "1"),
    unit(b"\x68", golomb(0) + golomb(0)),  # picture 0, of sequence 0
)
AVCC = b"\x01\x42\x00\x1f\xff" + b"".join(
    count + len(part).to_bytes(2, "big") + part
    for count, part in zip((b"\xe1", b"\x01"), SETS, strict=True)
)
"""The configuration of an MP4: units follow lengths of four bytes."""


def picture(
    kind: int, number: int, order: int, *, head: int, first: int = 0, sets: int = 0
) -> bytes:
    """A slice of H.264: first macroblock, type, parameters, frame_num, order count."""
    is_idr = head & 31 == 5
    idr = golomb(0) if is_idr else ""
    fields = golomb(first) + golomb(kind) + golomb(sets) + f"{number:04b}" + idr + f"{order:04b}"
    return unit(bytes([head]), fields)


SLICE_I = picture(7, 0, 0, head=0x65)
SLICE_P = picture(5, 1, 2, head=0x41)


def lengths(*units: bytes) -> bytes:
    """Units as in MP4."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def codes(*units: bytes) -> bytes:
    """Units as in a transport stream."""
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def h264(*packets: Sequence[bytes]) -> UnitFacts:
    """What the last of some packets says, which may not depend on the container."""
    read, read_ts = syntax.reader("h264", AVCC), syntax.reader("h264", codes(*SETS))
    assert read
    assert read_ts
    for units in packets:
        said = read(lengths(*units))
        assert said == read_ts(codes(*units))
    return said


def test_an_idr_picture_is_a_start() -> None:
    """With the parameters that come along."""
    said = h264([*SETS, SLICE_I])

    assert said.sound
    assert said.start
    assert not said.spare
    assert said.sets == set(SETS)


def test_a_predicted_picture_is_no_start() -> None:
    """It is referred to, as its first byte says: nal_ref_idc 2."""
    said = h264([SLICE_I], [SLICE_P])

    assert said.sound
    assert not said.start
    assert not said.spare


def test_a_picture_that_is_not_referred_to_is_spare() -> None:
    """Of nal_ref_idc 0; not if parameters come along."""
    unreferenced = picture(6, 1, 2, head=0x01)

    assert h264([SLICE_I], [unreferenced]).spare
    assert not h264([SLICE_I], [SETS[1], unreferenced]).spare


def test_pictures_are_numbered_as_they_are_displayed() -> None:
    """Low bits of the order count wrap; an IDR picture begins above all that came before."""
    read = syntax.reader("h264", AVCC)
    assert read
    orders = [0, 6, 2, 4, 12, 8, 10, 2, 14, 0]  # the eighth is 18, after 12; then 14 and 16
    numbers = [0, 1, 2, 2, 2, 3, 3, 3, 4, 4]
    heads = [0x65, 0x41, 0x01, 0x01, 0x41, 0x01, 0x01, 0x41, 0x01, 0x01]
    pictures = [
        picture(7 if head == 0x65 else 5, number, order, head=head)
        for head, number, order in zip(heads, numbers, orders, strict=True)
    ]

    said = [read(lengths(one)) for one in [*pictures, SLICE_I]]

    assert all(one.sound for one in said)
    order = [one.order or 0 for one in said]
    base = order[0]
    assert [one - base for one in order[:-1]] == [0, 6, 2, 4, 12, 8, 10, 18, 14, 16]
    assert order[-1] > max(order[:-1])


@pytest.mark.parametrize(
    ("number", "sound"),
    [
        pytest.param(1, True, id="the-next"),
        pytest.param(2, False, id="one-lost"),
        pytest.param(0, False, id="again"),
    ],
)
def test_a_reference_picture_that_is_lost_leaves_a_gap(number: int, sound: bool) -> None:
    """Each counts on from the reference picture before it (H.264, 7.4.3: frame_num)."""
    assert h264([SLICE_I], [picture(5, number, 4, head=0x41)]).sound is sound


@pytest.mark.parametrize(
    ("recovery", "start"),
    [
        pytest.param(0b11000000, True, id="at-once"),  # 0 frames, exact, link whole
        pytest.param(0b01011000, False, id="after-a-frame"),
        pytest.param(0b10000000, False, id="not-exact"),
        pytest.param(0b11100000, False, id="broken-link"),
    ],
)
@pytest.mark.parametrize("before", [b"", b"\x05\x02ab", b"\xff\x00\x01a"], ids=["", "5", "255"])
def test_an_intra_picture_is_a_start_if_all_is_exact_from_it_on(
    recovery: int, start: bool, before: bytes
) -> None:
    """Recovery point (H.264, D.1.8) with other messages before it."""
    message = b"\x06" + before + bytes([6, 1, recovery, 0x80])
    intra = picture(7, 1, 2, head=0x61)

    assert h264([SLICE_I], [message, intra]).start is start
    assert not h264([SLICE_I], [message, SLICE_P]).start
    assert not h264([SLICE_I], [intra]).start


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(bytes(40), id="zeros"),
        pytest.param(lengths(SLICE_P)[:-1], id="cut"),
        pytest.param(lengths(bytes([SLICE_P[0] | 0x80]) + SLICE_P[1:]), id="forbidden-bit"),
        pytest.param(lengths(picture(5, 1, 2, head=0x41, first=3)), id="first-slice-lost"),
        pytest.param(lengths(SLICE_P, SLICE_P), id="first-slice-twice"),
        pytest.param(lengths(SLICE_P, picture(5, 2, 2, head=0x41, first=3)), id="two-pictures"),
        pytest.param(lengths(picture(10, 1, 2, head=0x41)), id="no-such-type"),
        pytest.param(lengths(picture(5, 1, 2, head=0x41, sets=3)), id="no-such-parameters"),
        pytest.param(lengths(SLICE_P) + bytes(4), id="unit-of-no-length"),
        pytest.param(lengths(SLICE_P[:2]), id="few-bytes"),
        pytest.param(lengths(*SETS), id="no-picture"),
    ],
)
def test_a_damaged_packet_is_noticed(packet: bytes) -> None:
    """As far as the first bytes of its units tell."""
    read = syntax.reader("h264", AVCC)
    assert read
    assert read(lengths(SLICE_I)).sound
    assert not read(packet).sound


HEVC_SETS = (
    # One layer, 96 bits of profile and level; sequence 0, 4:2:0, 96 x 64, 8 bits, 4 of order.
    unit(
        b"\x42\x01",
        "0000" "000" "1" + "0" * 96 + golomb(0) + golomb(1) + golomb(96) + golomb(64) + "0"
        + golomb(0) * 2 + golomb(0) + "1" + golomb(0) * 3 + golomb(0) * 6 + "0" "00" "0"
        # Two sets: kept and used 1 before; the same by difference: shifted by -1, and itself.
        + golomb(2) + golomb(1) + golomb(0) + golomb(0) + "1"
        + "1" + "1" + golomb(0) + "1" + "1" + "0",
    ),
    unit(b"\x44\x01", golomb(0) + golomb(0) + "0" "0" "000"),
)  # fmt: skip


NO_REFERENCES = "00" + golomb(0) + golomb(0)
"""A set of the slice's own, not by difference to another: none before, none after."""


def hevc_picture(
    kind: int,
    order: int,
    *,
    slice_type: int,
    dropping: bool = False,
    references: str = NO_REFERENCES,
) -> bytes:
    """The first slice of a picture of HEVC."""
    is_random_access, is_idr = 16 <= kind <= 23, kind in (19, 20)
    fields = "1" + ("01"[dropping] if is_random_access else "") + golomb(0) + golomb(slice_type)
    return unit(bytes([kind << 1, 1]), fields + ("" if is_idr else f"{order:04b}" + references))


def hevc(*packets: Sequence[bytes]) -> UnitFacts:
    """What the last of some packets says."""
    read = syntax.reader("hevc", codes(*HEVC_SETS))
    assert read
    return [read(codes(*units)) for units in packets][-1]


IDR = hevc_picture(19, 0, slice_type=2)


def test_hevc_pictures_that_drop_others_are_unusual() -> None:
    """An IDR picture with no_output_of_prior_pics: what is shown before it depends on it."""
    assert hevc([IDR]).start
    assert not hevc([hevc_picture(19, 0, slice_type=2, dropping=True)]).sound


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param([hevc_picture(1, 2, slice_type=3)], id="no-such-type"),
        pytest.param([hevc_picture(21, 2, slice_type=1)], id="predicted-keyframe"),
        pytest.param([hevc_picture(1, 2, slice_type=1)] * 2, id="first-slice-twice"),
        pytest.param([hevc_picture(1, 2, slice_type=1)[:3]], id="few-bytes"),
        pytest.param([hevc_picture(1, 2, slice_type=1), b"\x48\x01"], id="end-of-sequence"),
        pytest.param([b"\x26"], id="one-byte"),
    ],
)
def test_a_damaged_hevc_packet_is_noticed(packet: Sequence[bytes]) -> None:
    """As far as the headers of its slices tell."""
    assert hevc([IDR], [hevc_picture(1, 2, slice_type=1)]).sound
    assert not hevc([IDR], packet).sound


@pytest.mark.parametrize(
    ("orders", "sets", "sound"),
    [
        pytest.param([1, 2], [0, 0], True, id="each-from-the-one-before"),
        pytest.param([1, 2], [0, 1], True, id="from-two-before"),
        pytest.param([2], [0], False, id="one-lost"),
        pytest.param([1, 2, 3], [0, 0, 1], True, id="two-are-kept"),
        pytest.param([1, 2, 4], [0, 0, 1], False, id="another-one-lost"),
        pytest.param([1, 2, 3], [0, None, 1], False, id="one-was-dropped"),
    ],
)
def test_hevc_pictures_name_those_they_need(
    orders: Sequence[int], sets: Sequence[int | None], sound: bool
) -> None:
    """Set 0 has the picture 1 before, set 1 those 1 and 2 before; what is not named is dropped."""
    pictures = [
        hevc_picture(
            1, order, slice_type=1, references=NO_REFERENCES if named is None else f"1{named}"
        )
        for order, named in zip(orders, sets, strict=True)
    ]

    assert hevc([IDR], *[[one] for one in pictures]).sound is sound


def test_leading_pictures_of_the_first_keyframe_are_not_shown() -> None:
    """They refer to what came before it; later ones are."""
    keyframe, leading = hevc_picture(21, 4, slice_type=2), hevc_picture(8, 3, slice_type=1)

    assert not hevc([keyframe], [leading]).shown
    assert hevc([IDR], [keyframe], [leading]).shown


def test_hevc_pictures_are_numbered_as_they_are_displayed() -> None:
    """Leading pictures come before their keyframe, and those of another sequence after all."""
    read = syntax.reader("hevc", codes(*HEVC_SETS))
    assert read
    kinds = [19, 1, 1, 21, 8, 1, 1, 19]
    orders = [0, 8, 4, 12, 10, 2, 1, 0]  # the sixth is 18, after 12

    said = [
        read(codes(hevc_picture(kind, order, slice_type=2 if kind > 15 else 1)))
        for kind, order in zip(kinds, orders, strict=True)
    ]

    order = [one.order or 0 for one in said]
    assert [one - order[0] for one in order[:-1]] == [0, 8, 4, 12, 10, 18, 17]
    assert order[-1] > max(order[:-1])


def test_profiles_of_vp9_that_store_colour_as_others_do_are_planned() -> None:
    """Profile 2 has more bits a sample; 1 and 3 are not 4:2:0. The low bit comes first."""
    read = syntax.reader("vp9", None)
    assert read
    rest = b"\x49\x83\x42\x00\x09\xf8\x07\x7b"

    assert read(bytes([0b10_0_0_0010]) + rest).start
    assert read(bytes([0b10_0_1_0010]) + rest).start
    assert not read(bytes([0b10_1_0_0010]) + rest).start


def test_an_unknown_codec_has_no_reader() -> None:
    """What is not understood is not planned."""
    assert syntax.reader("theora", None) is None


@given(
    codec=st.sampled_from([*syntax.WITH_UNITS, *syntax.MPEG2, *syntax.READERS]),
    extradata=st.sampled_from([b"", AVCC, b"\1" + bytes(30), b"\1"]),
    begin=st.sampled_from([b"", b"\0\0\1", b"\0\0\1\0", b"\0\0\1\xb3\0\0\1\0", b"\0\0\1\xb6"]),
    rest=st.binary(min_size=1, max_size=40),
)
def test_no_bytes_break_a_reader(codec: str, extradata: bytes, begin: bytes, rest: bytes) -> None:
    """A damaged file gets an answer, not an exception."""
    read = syntax.reader(codec, extradata)
    assert read
    assert isinstance(read(begin + rest), UnitFacts)
