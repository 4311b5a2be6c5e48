"""What packets say of themselves, in the words of the specifications."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.video import syntax
from vq.video.nal import Said

AVCC = bytes([1, 100, 0, 31, 0xFF])
"""The begin of the configuration of an MP4: units follow lengths of four bytes."""
SETS = b"\x67\x64\x00\x1f", b"\x68\xeb\xec"
SLICE_I, SLICE_P = b"\x65\x88\x84\x00\x33", b"\x41\x9a\x24\x6c\x41"  # first macroblock 0, type 7, 5


def lengths(*units: bytes) -> bytes:
    """Units as in MP4."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def codes(*units: bytes) -> bytes:
    """Units as in a transport stream."""
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def h264(*units: bytes) -> Said:
    """What a packet of these units says, which may not depend on the container."""
    read, read_ts = syntax.reader("h264", AVCC), syntax.reader("h264", b"\0\0\0\1\x67")
    assert read
    assert read_ts
    assert read(lengths(*units)) == read_ts(codes(*units))
    return read(lengths(*units))


def test_an_idr_picture_is_a_start() -> None:
    """With the parameters that come along."""
    assert h264(*SETS, SLICE_I) == Said(start=True, sets=frozenset(SETS))


def test_a_predicted_picture_is_no_start() -> None:
    """It is referred to, as its first byte says: nal_ref_idc 2."""
    assert h264(SLICE_P) == Said()


def test_a_picture_that_is_not_referred_to_is_spare() -> None:
    """Of nal_ref_idc 0; not if parameters come along."""
    picture = b"\x01\x9e\x45\x6c\x41"

    assert h264(picture) == Said(spare=True)
    assert h264(SETS[1], picture) == Said(sets=frozenset({SETS[1]}))


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
    intra = b"\x61\x88\x84\x00\x33"

    assert h264(message, intra).start is start
    assert not h264(message, SLICE_P).start
    assert not h264(intra).start


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(bytes(40), id="zeros"),
        pytest.param(lengths(SLICE_P)[:-1], id="cut"),
        pytest.param(lengths(b"\xc1\x9a\x24\x6c\x41"), id="forbidden-bit"),
        pytest.param(lengths(b"\x41\x1a\x24\x6c\x41"), id="first-slice-lost"),
        pytest.param(lengths(b"\x41\x86\x24\x6c\x41"), id="no-such-type"),
        pytest.param(lengths(*SETS), id="no-picture"),
    ],
)
def test_a_damaged_packet_is_noticed(packet: bytes) -> None:
    """As far as the first bytes of its units tell."""
    read = syntax.reader("h264", AVCC)
    assert read
    assert not read(packet).sound


def test_hevc_pictures_that_drop_others_are_unusual() -> None:
    """An IDR picture with no_output_of_prior_pics: what is shown before it depends on it."""
    read = syntax.reader("hevc", None)
    assert read
    idr, dropping = b"\x26\x01\xaf\x08\x40", b"\x26\x01\xef\x08\x40"

    assert read(codes(idr)).start
    assert not read(codes(dropping)).sound


def test_an_unknown_codec_has_no_reader() -> None:
    """What is not understood is not planned."""
    assert syntax.reader("theora", None) is None


@given(
    codec=st.sampled_from(["h264", "hevc", *syntax.READERS]),
    extradata=st.sampled_from([b"", AVCC, b"\1" + bytes(30), b"\1"]),
    begin=st.sampled_from([b"", b"\0\0\1", b"\0\0\1\0", b"\0\0\1\xb3\0\0\1\0", b"\0\0\1\xb6"]),
    rest=st.binary(min_size=1, max_size=40),
)
def test_no_bytes_break_a_reader(codec: str, extradata: bytes, begin: bytes, rest: bytes) -> None:
    """A damaged file gets an answer, not an exception."""
    read = syntax.reader(codec, extradata)
    assert read
    assert isinstance(read(begin + rest), Said)
