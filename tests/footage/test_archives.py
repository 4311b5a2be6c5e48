"""Archives of strangers give the files that the table names, and do nothing else."""

import gzip
import io
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.footage.conftest import picture
from vq.footage.archives import Results, extract
from vq.footage.config import FetchLimits
from vq.footage.store import Store
from vq.footage.unavailable import UnavailableError

LIMITS = FetchLimits(file_mb=1, package_mb=3, seconds=60)
CONTENT = picture(1)


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    """A zip of these members, compressed."""
    path = path.with_name(f"{path.name}.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    """A tar.gz of these members."""
    path = path.with_name(f"{path.name}.tgz")
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


FORMS = [pytest.param(wheel, id="wheel"), pytest.param(tarball, id="tarball")]
Make = Callable[[Path, dict[str, bytes]], Path]


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., Results]:
    """Extract paths of an archive into files beside it."""
    store = Store(tmp_path / "set", keep_free_mb=0.0)
    (tmp_path / "set/.fetch").mkdir(parents=True)

    def extract_here(archive: Path, *paths: str) -> Results:
        wanted = {path: tmp_path / f"out{n}" for n, path in enumerate(paths)}
        return extract(archive, wanted, store=store, limits=LIMITS)

    return extract_here


@pytest.mark.parametrize("make", FORMS)
def test_files_come_out_by_their_path(
    take: Callable[..., Results], tmp_path: Path, make: Make
) -> None:
    """Those that are wanted; a path that is not there is told, and costs the others nothing."""
    archive = make(tmp_path / "a", {"x/a.png": CONTENT, "x/setup.py": b"raise SystemExit"})

    results = take(archive, "x/a.png", "x/b.png")

    assert Path(str(results["x/a.png"])).read_bytes() == CONTENT
    missing = results["x/b.png"]
    assert isinstance(missing, UnavailableError)
    assert (missing.status, "has no x/b.png" in missing.reason) == ("not_in_archive", True)
    assert {p.name for p in tmp_path.iterdir()} == {archive.name, "out0", "set"}


@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize("name", ["../evil.png", "x/../../evil", "/etc/evil", "..\\evil"])
def test_an_archive_that_leads_out_is_refused(
    take: Callable[..., Results], tmp_path: Path, make: Make, name: str
) -> None:
    """Nobody makes one by accident, so that nothing of it is taken."""
    archive = make(tmp_path / "a", {name: b"evil", "a.png": CONTENT})

    with pytest.raises(UnavailableError, match="which leads out of it; nothing of it is") as error:
        take(archive, "a.png")
    assert error.value.status == "unsafe_archive"
    assert not (tmp_path / "out0").exists()


def test_a_link_is_no_file(take: Callable[..., Results], tmp_path: Path) -> None:
    """Whatever it leads to, in a tarball and in a zip."""
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        for name, kind in (("s.png", tarfile.SYMTYPE), ("h.png", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(tmp_path / "secret")
            archive.addfile(info)
    zipped = zipfile.ZipInfo("z.png")
    zipped.create_system, zipped.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive_zip:
        archive_zip.writestr(zipped, str(tmp_path / "secret"))

    results = take(tmp_path / "a.tgz", "s.png", "h.png") | take(tmp_path / "a.whl", "z.png")

    for result in results.values():
        assert isinstance(result, UnavailableError)
        assert "is a link or a folder" in result.reason
    assert not (tmp_path / "out0").exists()


@pytest.mark.parametrize("make", FORMS)
def test_a_file_that_unpacks_to_too_much_is_stopped(
    take: Callable[..., Results], tmp_path: Path, make: Make
) -> None:
    """2 MB of nothing in 2 kB; the other file of the archive is taken."""
    archive = make(tmp_path / "a", {"bomb.png": bytes(2_000_000), "a.png": CONTENT})
    assert archive.stat().st_size < 10_000

    results = take(archive, "bomb.png", "a.png")

    bomb = results["bomb.png"]
    assert isinstance(bomb, UnavailableError)
    assert (bomb.status, "limits.file_mb" in bomb.reason) == ("too_large", True)
    assert isinstance(results["a.png"], Path)
    assert not (tmp_path / "out0").exists()


def test_a_tarball_that_unpacks_to_too_much_is_stopped(
    take: Callable[..., Results], tmp_path: Path
) -> None:
    """Files that nobody wants have to be unpacked as well, and count."""
    archive = tarball(tmp_path / "a", {"bomb": bytes(50_000_000), "a.png": CONTENT})

    with pytest.raises(UnavailableError, match=r"more than 3 MB \(limits.package_mb\)") as error:
        take(archive, "a.png")
    assert error.value.status == "too_large"


def test_a_zip_that_lies_about_a_size_is_found_out(
    take: Callable[..., Results], tmp_path: Path
) -> None:
    """The size in the directory says 10 bytes, the data 2 MB."""
    archive = wheel(tmp_path / "a", {"a.png": bytes(2_000_000)})
    content = archive.read_bytes()
    assert content.count(struct.pack("<I", 2_000_000)) == 2
    archive.write_bytes(content.replace(struct.pack("<I", 2_000_000), struct.pack("<I", 10)))

    try:
        result = take(archive, "a.png")["a.png"]
    except UnavailableError as error:
        result = error

    assert isinstance(result, UnavailableError)
    assert not (tmp_path / "out0").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.whl", b"no archive at all", id="no-zip"),
        pytest.param("a.whl", b"", id="empty-zip"),
        pytest.param("a.tgz", b"no archive at all", id="no-gzip"),
        pytest.param("a.tgz", gzip.compress(b"no tar inside" * 100), id="no-tar"),
        pytest.param("a.deb", b"!<arch>\nno package", id="no-deb"),
    ],
)
def test_what_is_no_archive_is_one_sentence(
    take: Callable[..., Results], tmp_path: Path, name: str, content: bytes
) -> None:
    """With the name of the file."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UnavailableError, match=rf"{name}: is damaged, or no such archive"):
        take(tmp_path / name, "a.png")


@pytest.mark.parametrize("make", FORMS)
def test_a_damaged_archive_gives_no_file(
    take: Callable[..., Results], tmp_path: Path, make: Make
) -> None:
    """Cut anywhere, or a byte changed anywhere: a sentence, or a file to be hashed; no other."""
    archive = make(tmp_path / "a", {"x/a.png": CONTENT, "b.png": picture(2)})
    content = archive.read_bytes()
    for at in range(0, len(content), len(content) // 60):
        for damaged in (content[:at], content[:at] + b"\x55" + content[at + 1 :]):
            archive.write_bytes(damaged)
            try:
                results = take(archive, "x/a.png", "b.png")
            except UnavailableError:
                continue
            assert results.keys() == {"x/a.png", "b.png"}


def rcc(members: dict[str, bytes], *, version: int = 3, packed: bool = False) -> bytes:
    """A Qt resource file with one folder, `images`, of these members, as `rcc` writes it."""
    data, names, offsets = b"", b"", {}
    for name in ("images", *members):
        offsets[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    time = bytes(8) if version > 1 else b""
    tree = struct.pack(">IHII", 0, 2, 1, 1) + time
    tree += struct.pack(">IHII", offsets["images"], 2, len(members), 2) + time
    for name, content in members.items():
        body = struct.pack(">I", len(content)) + zlib.compress(content) if packed else content
        tree += struct.pack(">IHIII", offsets[name], int(packed), 0, len(data), 0)[:14] + time
        data += struct.pack(">I", len(body)) + body
    start = 20 + (4 if version > 2 else 0)
    head = struct.pack(
        ">4sIIII", b"qres", version, start + len(data) + len(names), start, start + len(data)
    )
    return head + bytes(start - 20) + data + names + tree


@pytest.mark.parametrize("packed", [False, True], ids=["stored", "zlib"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_qt_resource_file_is_looked_into(
    take: Callable[..., Results], tmp_path: Path, version: int, packed: bool
) -> None:
    """Behind a `!` is the path inside; the files of one resource file come from one reading."""
    resources = rcc({"a.png": CONTENT, "b.png": b"b"}, version=version, packed=packed)
    archive = wheel(tmp_path / "a", {"r.rcc": resources})

    results = take(archive, "r.rcc!images/a.png", "r.rcc!images/b.png", "r.rcc!images/c", "r.rcc")

    assert Path(str(results["r.rcc!images/a.png"])).read_bytes() == CONTENT
    assert Path(str(results["r.rcc!images/b.png"])).read_bytes() == b"b"
    assert Path(str(results["r.rcc"])).read_bytes() == resources
    missing = results["r.rcc!images/c"]
    assert isinstance(missing, UnavailableError)
    assert missing.status == "not_in_archive"


def test_a_bomb_in_a_qt_resource_file_is_stopped(
    take: Callable[..., Results], tmp_path: Path
) -> None:
    """What zlib unpacks counts, too."""
    archive = wheel(tmp_path / "a", {"r.rcc": rcc({"a": bytes(5_000_000)}, packed=True)})

    result = take(archive, "r.rcc!images/a")["r.rcc!images/a"]

    assert isinstance(result, UnavailableError)
    assert result.status == "too_large"


def test_a_damaged_qt_resource_file_is_one_sentence(
    take: Callable[..., Results], tmp_path: Path
) -> None:
    """Each byte in turn, and every length: never an error of ours, never a loop."""
    whole = rcc({"a.png": b"content"}, packed=True)
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + b"\xff" + whole[at + 1 :]):
            archive = wheel(tmp_path / "a", {"r.rcc": damaged})
            take(archive, "r.rcc!images/a.png")


def test_a_debian_package_is_read(take: Callable[..., Results], tmp_path: Path) -> None:
    """Its names start with `./`; a link in it harms nobody as long as nobody wants it."""
    archive = deb(tmp_path, "pictures", {"usr/share/a.png": CONTENT})

    results = take(archive, "usr/share/a.png", "usr/share/link.png")

    assert Path(str(results["usr/share/a.png"])).read_bytes() == CONTENT
    link = results["usr/share/link.png"]
    assert isinstance(link, UnavailableError)
    assert "is a link" in link.reason


def deb(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A Debian package of these files and a link."""
    tree = folder / f"{name}-tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1.0-1\nArchitecture: all\n"
        "Maintainer: Ada <ada@example.invalid>\nDescription: pictures\n"
    )
    for path, content in members.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
        (tree / path).with_name("link.png").symlink_to("/etc/hostname")
    archive = folder / f"{name}_1.0-1_all.deb"
    try:
        command = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(archive)]
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no dpkg-deb here")
    return archive
