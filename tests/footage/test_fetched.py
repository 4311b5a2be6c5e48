"""What later steps read: sources that are here, their pixels, and whom to credit."""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.footage.conftest import Footages, picture, row, sha256
from vq.errors import DataError
from vq.footage import pictures
from vq.footage.attribution import summary
from vq.footage.fetched import COLUMNS, load

URL = "https://example.invalid/"


def _fetched(footage: Footages, tmp_path: Path, *files: tuple[bytes, dict[str, str]]) -> Path:
    """A data set of these files and what their rows say."""
    stock = tmp_path / "stock"
    stock.mkdir()
    for number, (content, _) in enumerate(files):
        (stock / str(number)).write_bytes(content)
    footage.write(
        [row(content, **{"url": f"{URL}{n}", **v}) for n, (content, v) in enumerate(files)]
    )
    footage.fetch(stock, offline=True)
    return footage.root


def test_sources_come_with_what_their_licence_asks(footage: Footages, tmp_path: Path) -> None:
    """In the order of the table; photographs or clips alone, if asked for."""
    root = _fetched(
        footage,
        tmp_path,
        (picture(1), {"file": "z.png", "licence": "cc-by", "author": "Grace, of | here"}),
        (b"clip", {"file": "a.mp4", "kind": "clip", "content": "sea"}),
    )

    photo, clip = load(root)

    assert (photo.licence, photo.author, photo.origin) == ("cc-by", "Grace, of | here", f"{URL}0")
    assert (photo.path, photo.sha256) == (root / "originals/z.png", sha256(picture(1)))
    assert photo.bytes == len(picture(1))
    assert (clip.content, clip.scaled) == ("sea", False)
    assert load(root, kind="clip") == [clip]
    assert r"| z.png | Grace, of \| here | CC0-1.0 |" in (root / "ATTRIBUTION.md").read_text()
    assert summary([photo, clip]) == "1 photographs and 1 clips by licence: cc0 1, cc-by 1."


def test_no_manifest_is_an_error(tmp_path: Path) -> None:
    """It says which command writes one."""
    with pytest.raises(DataError, match=r"manifest\.csv: cannot be read .* run `vq footage fetch"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("column", "value"),
    [("file", "../../etc/passwd"), ("kind", "video"), ("bytes", "many"), ("width", "")],
)
def test_a_manifest_that_was_changed_is_an_error(
    footage: Footages, tmp_path: Path, column: str, value: str
) -> None:
    """Never a file outside the folder, never a wrong type later on."""
    root = _fetched(footage, tmp_path, (picture(1), {"file": "a.png"}))
    head, line = (root / "manifest.csv").read_text().splitlines()
    cells = line.split(",")
    cells[COLUMNS.index(column)] = value
    (root / "manifest.csv").write_text(f"{head}\n{','.join(cells)}\n")

    with pytest.raises(DataError, match=r"manifest\.csv: is no manifest of footage"):
        load(root)


def test_a_file_that_is_gone_is_an_error(footage: Footages, tmp_path: Path) -> None:
    """A source must not drop out of a training without a word."""
    root = _fetched(footage, tmp_path, (picture(1), {"file": "a.png"}))
    shutil.rmtree(root / "originals")

    with pytest.raises(DataError, match=r"a\.png: is gone or was changed"):
        load(root)


def test_a_photograph_is_read_upright(footage: Footages, tmp_path: Path) -> None:
    """A camera held sideways says so in EXIF: 6 is a quarter turn clockwise."""
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:15] = 255  # the upper half as stored is the right half upright
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "png", exif=exif)
    root = _fetched(footage, tmp_path, (buffer.getvalue(), {"file": "a.png"}))

    upright = pictures.read(load(root)[0])

    assert upright.shape == (40, 30, 3)
    assert upright[:, 15:].min() == 255
    assert upright[:, :15].max() == 0


def test_other_modes_become_rgb(footage: Footages, tmp_path: Path) -> None:
    """A palette or a grey picture has three channels like all others."""
    buffer = BytesIO()
    Image.new("L", (40, 30), 128).save(buffer, "png")
    root = _fetched(footage, tmp_path, (buffer.getvalue(), {"file": "a.png"}))

    assert (pictures.read(load(root)[0]) == 128).all()


@pytest.mark.parametrize(
    ("content", "width", "message"),
    [
        pytest.param(b"no picture", "40", "cannot be decoded", id="no-picture"),
        pytest.param(picture(1)[:-200], "40", "cannot be decoded", id="cut"),
        pytest.param(picture(1), "41", "is 40 x 30, the table says 41 x 30", id="other-sides"),
    ],
)
def test_a_photograph_that_cannot_be_read_is_an_error(
    footage: Footages, tmp_path: Path, content: bytes, width: str, message: str
) -> None:
    """With its path, and what to do with its row."""
    root = _fetched(footage, tmp_path, (content, {"file": "a.png", "width": width}))

    with pytest.raises(DataError, match=rf"a\.png: {message}.*sources\.csv"):
        pictures.read(load(root)[0])
