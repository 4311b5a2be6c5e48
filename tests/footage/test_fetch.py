"""What a fetch brings, refuses, and leaves behind when it is ended."""

import csv
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.footage.conftest import Footages, Web, picture, row, sha256
from vq import cli
from vq.errors import BusyError, DataError, ParamsError
from vq.footage.fetched import load

VQ = [sys.executable, "-c", "import sys; from vq.cli import main; sys.exit(main())"]


def test_files_of_a_folder_are_known_by_their_hash(footage: Footages, tmp_path: Path) -> None:
    """Whatever their names are, however deep they lie, and beside anything else."""
    folder = tmp_path / "stock/2019"
    folder.mkdir(parents=True)
    wanted = picture(1)
    (folder / "IMG_0001").write_bytes(wanted)
    (folder / "other.png").write_bytes(picture(2))
    os.mkfifo(folder / "pipe")
    footage.write([row(wanted, file="a.png")])
    _without_origin(footage)

    assert [o.status for o in footage.fetch(tmp_path / "stock")] == ["ok"]
    assert footage.originals() == {"a.png": sha256(wanted)}
    assert (folder / "IMG_0001").read_bytes() == wanted


def test_a_scaled_copy_stands_in_for_the_original(footage: Footages, tmp_path: Path) -> None:
    """The manifest says so, with the sides of the copy; the original comes first where both are."""
    original, copy = picture(1), picture(2, width=20, height=15)
    entry = row(
        original,
        file="a.png",
        url="https://example.invalid/a.png",
        copy_sha256=sha256(copy),
        copy_width="20",
        copy_height="15",
    )
    footage.write([entry])
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "001.webp").write_bytes(copy)

    footage.fetch(folder, offline=True)

    (source,) = load(footage.root)
    assert (source.file, source.scaled, source.width) == ("a.webp", True, 20)
    assert source.sha256 == sha256(copy)
    assert "a.webp (scaled copy) | Ada | CC0-1.0 |" in _attribution(footage)

    shutil.rmtree(footage.root / "originals")
    (folder / "z.png").write_bytes(original)
    footage.fetch(folder, offline=True)
    assert [s.file for s in load(footage.root)] == ["a.png"]


def test_a_licence_that_is_not_allowed_stays_out(footage: Footages, web: Web) -> None:
    """The server is not even asked; the row names the licence."""
    free, copyleft = picture(1), picture(2)
    footage.write(
        [
            row(free, url=web.serve("/free", free)),
            row(
                copyleft,
                url=web.serve("/copyleft", copyleft),
                licence="cc-by-sa",
                licence_text="CC-BY-SA-4.0",
            ),
        ]
    )

    _, outcome = footage.fetch()

    assert outcome.status == "not_allowed"
    assert "cc-by-sa (CC-BY-SA-4.0)" in outcome.reason
    assert [path for path, _ in web.requests] == ["/free"]
    assert [source.licence for source in load(footage.root)] == ["cc0"]


def test_what_is_no_longer_allowed_is_no_longer_used(footage: Footages, web: Web) -> None:
    """Its file may lie there; manifest and attribution do not have it."""
    free, credited = picture(1), picture(2)
    footage.write(
        [
            row(free, url=web.serve("/a", free)),
            row(credited, url=web.serve("/b", credited), licence="cc-by", author="Grace"),
        ]
    )
    footage.fetch()
    assert "Grace" in _attribution(footage)

    footage.fetch(allow=["cc0"])

    assert [source.sha256 for source in load(footage.root)] == [sha256(free)]
    assert "Grace" not in _attribution(footage)


def test_a_misspelt_licence_is_an_error(footage: Footages) -> None:
    """It would allow nothing, without a word."""
    with pytest.raises(ParamsError, match=r"'cc_by' is none of cc0"):
        footage.fetch(allow=["cc_by"])


def test_kinds_and_registries_may_be_left_out(footage: Footages, web: Web) -> None:
    """Each row says which knob did it."""
    photo, clip, packed = picture(1), picture(2), picture(3)
    footage.write(
        [
            row(photo, url=web.serve("/a", photo)),
            row(clip, url=web.serve("/b", clip), kind="clip"),
            row(packed, package="npm:pictures", version="1.0.0", path="a.png"),
        ]
    )

    _, second, third = footage.fetch(kinds=["photo"], registries=["pypi"])

    assert second.reason.endswith("clip is not in kinds of params")
    assert third.reason.endswith("npm is not in registries of params")


def test_a_file_that_was_changed_here_is_brought_again(footage: Footages, web: Web) -> None:
    """A damaged original is never used, and replaced where it can be had."""
    content = picture(1)
    footage.write([row(content, url=web.serve("/a", content), file="a.png")])
    footage.fetch()
    (footage.root / "originals/a.png").write_bytes(content[:-7])

    with pytest.raises(DataError, match=r"a\.png: is gone or was changed; run `vq footage fetch"):
        load(footage.root)
    footage.fetch()

    assert footage.originals() == {"a.png": sha256(content)}
    assert len(load(footage.root)) == 1


def test_an_offline_fetch_asks_nobody(footage: Footages, web: Web, tmp_path: Path) -> None:
    """What no folder has is a row."""
    content, other = picture(1), picture(2)
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock/a").write_bytes(content)
    footage.write([row(content, url=web.serve("/a", content)), row(other, url=web.url("/b"))])

    outcomes = footage.fetch(tmp_path / "stock", offline=True)

    assert [o.status for o in outcomes] == ["ok", "offline"]
    assert web.requests == []


def test_a_folder_that_is_none_is_an_error(footage: Footages, tmp_path: Path) -> None:
    """Before anything is fetched: a typo must not cost a download of everything."""
    footage.write([row(picture(1), url="https://example.invalid/a")])

    with pytest.raises(DataError, match=r"typo: is no folder; give --from"):
        footage.fetch(tmp_path / "typo")


def test_the_same_sources_give_the_same_files(footage: Footages, web: Web, tmp_path: Path) -> None:
    """Bytes of all that is written depend on what is here, not on how it came."""
    files = [picture(seed) for seed in range(3)]
    footage.write([row(file, url=web.serve(f"/{n}", file)) for n, file in enumerate(files)])
    footage.fetch()
    written = {name: (footage.root / name).read_bytes() for name in _WRITTEN}

    other = Footages(tmp_path / "other")
    shutil.copy(footage.root / "sources.csv", other.root)
    other.fetch(footage.root / "originals", offline=True)

    assert {name: (other.root / name).read_bytes() for name in _WRITTEN} == written


_WRITTEN = ("manifest.csv", "ATTRIBUTION.md", "report.csv")


def test_two_fetches_at_once_are_refused(footage: Footages, web: Web) -> None:
    """The second says which process is at it; the first goes on unharmed."""
    content = picture(1, width=100, height=100)
    footage.write([row(content, url=web.serve("/a", content, pause=0.05))])
    first = subprocess.Popen(
        [*VQ, "footage", "fetch", str(footage.root)], stdout=subprocess.DEVNULL
    )
    _wait_for_part(footage)

    with pytest.raises(BusyError, match=rf"process {first.pid} is fetching into it"):
        footage.fetch()
    assert first.wait(60) == 0
    assert list(footage.originals().values()) == [sha256(content)]


def test_a_killed_fetch_leaves_no_half_file_and_is_resumed(footage: Footages, web: Web) -> None:
    """Killed in the middle of the second file: the first is there, the second's start is kept."""
    done, cut = picture(1), picture(2, width=100, height=100)
    url = web.serve("/b", cut, pause=0.05)
    footage.write([row(done, url=web.serve("/a", done), file="a.png"), row(cut, url=url)])
    first = subprocess.Popen([*VQ, "footage", "fetch", str(footage.root)], start_new_session=True)
    _wait_for_part(footage, sha256(cut))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    assert footage.originals() == {"a.png": sha256(done)}
    assert not (footage.root / "manifest.csv").exists()

    web.serve("/b", cut)
    web.requests.clear()
    assert [o.status for o in footage.fetch()] == ["ok", "ok"]
    ((path, wanted),) = web.requests
    assert path == "/b"
    assert int(wanted.removeprefix("bytes=").rstrip("-")) > 0


@pytest.mark.slow
def test_whenever_a_fetch_is_killed_originals_are_whole(footage: Footages, web: Web) -> None:
    """Six kills at different moments; then one run completes what they began."""
    files = [picture(seed, width=60, height=60) for seed in range(12)]
    footage.write(
        [
            row(file, url=web.serve(f"/{n}", file, pause=0.005), file=f"{n}.png")
            for n, file in enumerate(files)
        ]
    )
    right = {f"{n}.png": sha256(file) for n, file in enumerate(files)}
    for kill in range(6):
        process = subprocess.Popen([*VQ, "footage", "fetch", str(footage.root)])
        time.sleep(0.6 + 0.23 * kill)
        process.kill()
        process.wait()
        if (footage.root / "originals").exists():
            assert footage.originals().items() <= right.items()

    assert {o.status for o in footage.fetch()} == {"ok"}
    assert footage.originals() == right


def test_no_room_is_a_row_and_no_more_is_asked_for(footage: Footages, web: Web) -> None:
    """What is to stay free stays free; what is here already makes the data set."""
    here, more = picture(1), picture(2)
    footage.write([row(here, url=web.serve("/a", here)), row(more, url=web.url("/none"))])
    with pytest.raises(DataError, match="gone"):
        footage.fetch(min_sources=2)
    footage.write([row(here, url=web.url("/a")), row(more, url=web.serve("/b", more))])

    outcomes = footage.fetch(keep_free_mb=1e12)

    assert [o.status for o in outcomes] == ["ok", "no_space"]
    assert "keep_free_mb" in outcomes[1].reason


def test_a_disk_that_fills_up_is_a_row(footage: Footages, web: Web, tmp_path: Path) -> None:
    """On a real disk of 2 MB: a file of an unknown length does not fit, the next is not tried."""
    small, large, after = picture(1), os.urandom(3_000_000), picture(2)
    footage.write(
        [
            row(small, url=web.serve("/a", small), file="a.png"),
            row(large, url=web.serve("/b", large, chunked=True), file="b.png"),
            row(after, url=web.serve("/c", after), file="c.png"),
        ]
    )
    script = (
        'mount -t tmpfs -o size=2m tmpfs "$1" && cp "$2"/* "$1" && shift 2 && '
        '"$@"; code=$?; cat "$DISK/report.csv"; ls "$DISK/originals"; exit $code'
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [*VQ, "footage", "fetch", str(disk)]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(disk), str(footage.root), *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DISK": str(disk)},
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no disk of our own here: {done.stderr.strip()}")

    assert done.returncode == 0, done.stderr
    assert "a.png,photo,cc0,ok," in done.stdout
    assert "b.png,photo,cc0,no_space," in done.stdout
    assert "c.png,photo,cc0,no_space," in done.stdout
    assert done.stdout.splitlines()[-1] == "a.png"
    assert "/c" not in [path for path, _ in web.requests]


def test_the_command_says_what_became_of_all(
    footage: Footages, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each status, with its meaning."""
    content = picture(1)
    footage.write([row(content, url=web.serve("/a", content)), row(picture(2), url=web.url("/b"))])

    assert cli.main(["footage", "fetch", str(footage.root)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["1", "ok"]
    assert lines[1].split()[:2] == ["1", "gone"]


def test_a_folder_that_cannot_be_written_is_one_line(
    footage: Footages, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback; here a file stands where the folder should."""
    footage.write([row(picture(1), url="https://example.invalid/a")])
    (footage.root / "originals").touch()

    assert cli.main(["footage", "fetch", str(footage.root)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("vq footage: error: ")
    assert "originals: File exists; fetch again once this is mended" in line


def test_any_name_of_a_file_is_shown_on_a_terminal(footage: Footages, tmp_path: Path) -> None:
    """Brackets that look like markup, bytes that are no text: the bar survives them."""
    stock = tmp_path / "stock"
    stock.mkdir()
    content = picture(1)
    (stock / "[bold]a").write_bytes(content)
    Path(os.fsdecode(os.fsencode(stock) + b"/\xff[red]")).write_bytes(b"y")
    footage.write([row(content, url="https://example.invalid/a")])
    command = [*VQ, "footage", "fetch", str(footage.root), "--offline", f"--from={stock}"]
    main, other = pty.openpty()
    done = subprocess.run(command, stderr=other, stdout=subprocess.PIPE, check=False, timeout=60)
    os.close(other)
    shown = os.read(main, 1 << 16)
    os.close(main)

    assert done.returncode == 0, shown
    assert b"copying [bold]a" in shown
    assert b"Traceback" not in shown


def _without_origin(footage: Footages) -> None:
    """Give each row an address, as the table asks for; nobody ever answers it."""
    with (footage.root / "sources.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    footage.write([{**one, "url": "https://example.invalid/x"} for one in rows])


def _attribution(footage: Footages) -> str:
    return (footage.root / "ATTRIBUTION.md").read_text(encoding="utf-8")


def _wait_for_part(footage: Footages, sha: str = "*") -> None:
    for _ in range(600):
        parts = list((footage.root / ".fetch").glob(f"{sha}.part"))
        if any(part.stat().st_size > 2000 for part in parts):
            return
        time.sleep(0.05)
    pytest.fail("no download began")
