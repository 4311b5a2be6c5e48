"""The table of sources says what is wrong with it, and where."""

from pathlib import Path

import pytest

from tests.footage.conftest import Footages, picture, row
from vq.errors import DataError
from vq.footage.sources_table import Package, read

URL = "https://example.invalid/a.jpg"


def test_a_row_is_read(footage: Footages) -> None:
    """With its package, if it comes from one."""
    package = {"package": "npm:@art/photos", "version": "1.2.0", "path": "package/a.jpg"}
    footage.write([row(b"a", **package)])

    (entry,) = read(footage.root / "sources.csv")

    assert entry.package == Package("npm", "@art/photos", "1.2.0")
    assert entry.origin == "npm:@art/photos 1.2.0 package/a.jpg"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"file": "../a.jpg"}, "line 2: file is '../a.jpg'", id="leads-out"),
        pytest.param({"file": ".hidden"}, "file is '.hidden'", id="hidden"),
        pytest.param({"kind": "video"}, "kind is 'video'; photo or clip", id="kind"),
        pytest.param({"licence": "CC0"}, "licence is 'CC0'; one of cc0,", id="licence"),
        pytest.param({"licence": "cc-by", "author": ""}, "cc-by asks for the author", id="credit"),
        pytest.param({"sha256": "abc"}, "sha256 is 'abc'; 64 digits", id="hash"),
        pytest.param({"copy_sha256": "0" * 64}, "copy_width is ''", id="copy-without-sides"),
        pytest.param({"copy_width": "3"}, "copy_width is '3'", id="sides-without-copy"),
        pytest.param({"url": "file:///etc/passwd"}, "url is 'file:///etc", id="no-web-address"),
        pytest.param({"url": ""}, "url is ''; give a url or a package", id="no-origin"),
        pytest.param({"package": "npm:a", "version": "1"}, "one of them", id="two-origins"),
        pytest.param({"width": "0"}, "width is '0'; a number of pixels", id="no-width"),
        pytest.param(
            {"url": "", "package": "pypi:--index-url=x", "version": "1", "path": "a"},
            "no package of pypi is called so",
            id="option",
        ),
        pytest.param(
            {"url": "", "package": "npm:../local", "version": "1", "path": "a"},
            "no package of npm is called so",
            id="path",
        ),
        pytest.param(
            {"url": "", "package": "cargo:a", "version": "1", "path": "a"},
            "REGISTRY one of pypi, debian, npm",
            id="registry",
        ),
        pytest.param(
            {"url": "", "package": "npm:a", "version": "git+ssh://x", "path": "a"},
            "version is 'git",
            id="version",
        ),
    ],
)
def test_a_wrong_value_is_named(footage: Footages, values: dict[str, str], message: str) -> None:
    """With its line, and what would be right."""
    footage.write([row(b"a", **{"url": URL, **values})])

    with pytest.raises(DataError, match=r"sources\.csv, line 2: ") as caught:
        read(footage.root / "sources.csv")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        pytest.param({}, {"file": "b.png"}, "sha256 .* is there twice", id="hash"),
        pytest.param(
            {"file": "a.png"},
            {"file": "A.png", "sha256": "0" * 64},
            "file a.png is there twice",
            id="name-but-for-case",
        ),
    ],
)
def test_what_is_there_twice_is_refused(
    footage: Footages, first: dict[str, str], second: dict[str, str], message: str
) -> None:
    """Of two rows that share a file, one would overwrite the other."""
    footage.write([row(b"a", url=URL, **first), row(b"a", url=URL, **second)])

    with pytest.raises(DataError, match=message):
        read(footage.root / "sources.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read", id="missing"),
        pytest.param(b"\xff\xfe\x00", "is no CSV in UTF-8", id="binary"),
        pytest.param(b"", "columns .* are missing", id="empty"),
        pytest.param(b"file,kind\n", "columns .* are missing", id="columns"),
    ],
)
def test_a_table_that_is_none_is_an_error(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """One sentence with its path."""
    path = tmp_path / "sources.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=rf"sources\.csv: {message}"):
        read(path)


def test_a_row_of_another_length_is_an_error(footage: Footages) -> None:
    """A comma that should be quoted moves every value behind it."""
    footage.write([row(picture(1), url=URL)])
    path = footage.root / "sources.csv"
    path.write_text(path.read_text().rstrip("\r\n") + ",more\n")

    with pytest.raises(DataError, match="line 2: needs 18 cells; quote values with commas"):
        read(path)
