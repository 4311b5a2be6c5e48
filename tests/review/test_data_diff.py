"""Every video that comes, goes, or gets another file or rating is named; of many, a few."""

import pytest

from vq.errors import DataError
from vq.review.data_diff import Change, changes, section
from vq.review.markdown import MOST
from vq.review.revision import Revision


def manifest(**videos: str) -> bytes:
    """As `import` writes it: by video its hash and its rating, as in `a="h1 3.5"`."""
    rows = [",".join([video, *said.split(" ")]) for video, said in videos.items()]
    return "\n".join(["video,sha256,mos", *rows, ""]).encode()


def test_each_change_has_its_name() -> None:
    """A video without a rating has none before and none after; that is no change."""
    old = manifest(a="h1 3.5", b="h2 2.0", c="h3 ", d="h4 1.0", e="h5 ")
    new = manifest(f="h6 4.0", b="h9 2.0", c="h3 2.5", d="h4 1.0", e="h5 ")

    assert changes(old, new) == [
        Change("f", "added", "", "4.0"),
        Change("a", "removed", "3.5", ""),
        Change("b", "replaced", "2.0", "2.0"),
        Change("c", "relabelled", "", "2.5"),
    ]


def revision(file: bytes | str) -> Revision:
    """A revision of which nothing else matters."""
    return Revision("abc", "A change", {}, {"manifest": file}, {})


def test_of_many_videos_a_few_are_shown() -> None:
    """Of each kind; the others are counted."""
    many = {f"v{number}": "h 1.0" for number in range(MOST + 5)}

    found = section(revision(manifest(a="h 1.0")), revision(manifest(**many)), to_run=False)

    assert found.headline == "15 videos added, 1 video removed"
    assert len(found.body.splitlines()) == 2 + MOST + 1 + 2
    assert found.body.endswith("And 5 more added.")


def test_a_manifest_that_is_late_is_told() -> None:
    """What has still to be imported is not in it."""
    same = revision(manifest(a="h 1.0"))

    found = section(same, same, to_run=True)

    assert found.headline.startswith("no video changed, as of the last `import`")


def test_a_manifest_that_is_not_to_be_had_is_told() -> None:
    """Nobody takes it for no change."""
    found = section(revision("it is nowhere"), revision(manifest(a="h 1.0")), to_run=False)

    assert found.headline == "videos cannot be compared: at abc, it is nowhere"


def test_a_file_of_another_kind_is_refused() -> None:
    """The message says who writes the right one."""
    with pytest.raises(DataError, match="what `import` writes"):
        changes(b"a,b\n1,2\n", manifest(a="h 1.0"))
