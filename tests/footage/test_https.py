"""A download is whole and right, or a row with a reason."""

import datetime
import ipaddress
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.footage.conftest import Footages, Web, picture, row, serving, sha256
from vq.errors import DataError

LARGE = picture(1, width=200, height=200)


def test_a_file_comes_by_its_address(footage: Footages, web: Web) -> None:
    """Into `originals`, under the name that the table has for it."""
    footage.write([row(LARGE, url=web.serve("/a.png", LARGE), file="a.png")])

    (outcome,) = footage.fetch()

    assert (outcome.status, outcome.reason) == ("ok", "")
    assert footage.originals() == {"a.png": sha256(LARGE)}


def test_a_file_that_is_here_is_not_asked_for_again(footage: Footages, web: Web) -> None:
    """The second fetch asks the server nothing."""
    footage.write([row(LARGE, url=web.serve("/a.png", LARGE))])
    footage.fetch()
    web.requests.clear()

    assert [outcome.status for outcome in footage.fetch()] == ["ok"]
    assert web.requests == []


def test_a_download_that_breaks_off_is_resumed(footage: Footages, web: Web) -> None:
    """The second request asks for what is missing, and no more."""
    footage.write([row(LARGE, url=web.serve("/a.png", LARGE, cut=[50_000]))])

    assert [outcome.status for outcome in footage.fetch()] == ["ok"]
    assert web.requests == [("/a.png", ""), ("/a.png", "bytes=50000-")]


def test_a_server_without_ranges_is_asked_from_the_start(footage: Footages, web: Web) -> None:
    """Its whole answer is not appended to the half that is here."""
    url = web.serve("/a.png", LARGE, cut=[50_000], ranges=False)
    footage.write([row(LARGE, url=url)])

    assert [outcome.status for outcome in footage.fetch()] == ["ok"]
    assert list(footage.originals().values()) == [sha256(LARGE)]
    assert len(web.requests) == 2


def test_halves_of_two_files_are_not_joined(footage: Footages, web: Web) -> None:
    """What an earlier run left may be of another file: its hash tells, and all comes anew."""
    footage.write([row(LARGE, url=web.serve("/a.png", LARGE))])
    (footage.root / ".fetch").mkdir()
    (footage.root / f".fetch/{sha256(LARGE)}.part").write_bytes(b"<html>log in first</html>")

    assert [outcome.status for outcome in footage.fetch()] == ["ok"]
    assert list(footage.originals().values()) == [sha256(LARGE)]


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "no-length"])
def test_a_download_that_stays_short_is_no_file(footage: Footages, web: Web, chunked: bool) -> None:
    """One row says so; nothing half lies among the originals."""
    whole = picture(2)
    cut = web.serve("/cut.png", LARGE, cut=[100] * 9, ranges=False, chunked=chunked)
    footage.write([row(LARGE, url=cut), row(whole, url=web.serve("/b.png", whole))])

    short, other = footage.fetch()

    # Without a length nothing tells a short file from another one, save its hash.
    assert short.status == ("altered" if chunked else "truncated")
    assert cut in short.reason
    assert other.status == "ok"
    assert list(footage.originals().values()) == [sha256(whole)]


def test_another_file_is_refused(footage: Footages, web: Web) -> None:
    """The row has both hashes and what to do; the file is not kept."""
    whole, page = picture(2), b"<html>moved</html>"
    footage.write([row(LARGE, url=web.serve("/a", page)), row(whole, url=web.serve("/b", whole))])

    outcome, _ = footage.fetch()

    assert outcome.status == "altered"
    assert sha256(page) in outcome.reason
    assert sha256(LARGE) in outcome.reason
    assert list(footage.originals().values()) == [sha256(whole)]
    assert list((footage.root / ".fetch").glob("*.part")) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(404, "gone", id="not-found"),
        pytest.param(403, "gone", id="forbidden"),
        pytest.param(503, "unreachable", id="busy"),
    ],
)
def test_a_server_that_refuses_is_one_row(
    footage: Footages, web: Web, status: int, expected: str
) -> None:
    """With its address and the code of the answer."""
    whole = picture(2)
    # Busy servers are not asked for more: the good one is another.
    bad = row(LARGE, url=web.serve("/a", b"", status=status))
    footage.write([row(whole, url=web.serve("/b", whole)), bad])

    _, outcome = footage.fetch()

    assert outcome.status == expected
    assert f"{web.url('/a')}: the server answers {status}" in outcome.reason


def test_an_overloaded_server_is_left_alone_a_failing_file_is_not_the_server(
    footage: Footages, web: Web
) -> None:
    """After 503 nothing more is asked of it; after 500 the next file is."""
    here, failing, busy, never = (picture(seed) for seed in range(4))
    footage.write(
        [
            row(failing, url=web.serve("/failing", b"", status=500)),
            row(here, url=web.serve("/here", here)),
            row(busy, url=web.serve("/busy", b"", status=503)),
            row(never, url=web.serve("/never", never)),
        ]
    )

    statuses = [outcome.status for outcome in footage.fetch()]

    assert statuses == ["unreachable", "ok", "unreachable", "unreachable"]
    assert [path for path, _ in web.requests].count("/busy") == 3
    assert "/never" not in [path for path, _ in web.requests]


def test_a_server_out_of_reach_is_asked_once(footage: Footages, web: Web) -> None:
    """Two hundred photographs of one server that is away do not cost two hundred waits."""
    here = picture(0)
    with serving() as away:
        gone = away.url("")
    files = [picture(seed) for seed in range(1, 30)]
    footage.write(
        [row(here, url=web.serve("/a", here))]
        + [row(file, url=f"{gone}/{n}") for n, file in enumerate(files)]
    )
    started = time.monotonic()

    _, first, second, *rest = footage.fetch()

    assert {o.status for o in (first, second, *rest)} == {"unreachable"}
    assert "--from DIR" in first.reason
    assert "did not answer before" in second.reason
    assert time.monotonic() - started < 10


def test_a_server_that_trickles_is_given_up(footage: Footages, web: Web) -> None:
    """The limit of time holds whatever arrives meanwhile; what came is resumed next time."""
    whole = picture(2)
    slow = web.serve("/slow", LARGE, pause=0.2)
    footage.write([row(whole, url=web.serve("/b", whole)), row(LARGE, url=slow)])
    limits = {"file_mb": 5, "package_mb": 20, "seconds": 1.0}
    started = time.monotonic()

    _, outcome = footage.fetch(limits=limits)

    assert outcome.status == "truncated"
    assert "limits.seconds" in outcome.reason
    assert time.monotonic() - started < 5
    web.serve("/slow", LARGE)
    web.requests.clear()
    assert [o.status for o in footage.fetch()] == ["ok", "ok"]
    ((_, wanted),) = web.requests
    assert wanted.startswith("bytes=")


@pytest.mark.parametrize("chunked", [False, True], ids=["said", "unsaid"])
def test_a_file_over_the_limit_is_not_taken(footage: Footages, web: Web, chunked: bool) -> None:
    """Whether the server says how long it is, or just sends on."""
    whole, huge = picture(2), bytes(3_000_000)
    url = web.serve("/huge", huge, chunked=chunked)
    footage.write([row(whole, url=web.serve("/b", whole)), row(huge, url=url)])

    _, outcome = footage.fetch(limits={"file_mb": 1, "package_mb": 20, "seconds": 60})

    assert outcome.status == "too_large"
    assert "limits.file_mb" in outcome.reason
    assert list((footage.root / ".fetch").glob("*.part")) == []


def test_nothing_to_be_had_is_an_error(footage: Footages, web: Web) -> None:
    """A data set without a file is none; the error says what became of how many."""
    footage.write([row(LARGE, url=web.url("/gone"))])

    with pytest.raises(DataError, match=r"has 0 of 1 source, min_sources is 1 \(1 gone\)"):
        footage.fetch()
    assert footage.report()[0]["status"] == "gone"


def test_https_trusts_who_is_trusted(
    footage: Footages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of nobody's is one row; of a trusted authority it is a file."""
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(lambda socket: context.wrap_socket(socket, server_side=True)) as web:
        url = web.serve("/a.png", LARGE)
        footage.write([row(LARGE, url=url)])

        with pytest.raises(DataError, match=r"1 unreachable"):
            footage.fetch()
        assert "its certificate is not trusted" in footage.report()[0]["reason"]

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert [outcome.status for outcome in footage.fetch()] == ["ok"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "localhost.pem", folder / "localhost.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private
