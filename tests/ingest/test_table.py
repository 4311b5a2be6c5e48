"""Label files as text."""

from pathlib import Path

from vq.ingest.table import Table, read, write


def test_rows_of_two_files_have_the_columns_of_both() -> None:
    """Old rows keep their cells, and their wrong length; what a file lacks is empty."""
    old = Table(("video", "mos"), (("a", "3"), ("b",)))
    new = Table(("video", "content", "mos"), (("c", "cat", "4"),))
    assert old.add(new) == Table(
        ("video", "mos", "content"), (("a", "3", ""), ("b", ""), ("c", "4", "cat"))
    )


def test_a_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    """Quotes, commas and line ends inside of cells stay; blank lines go."""
    path = tmp_path / "labels.csv"
    path.write_text('video, mos\n"a, b.mp4",3\n\n"c ""d"".mp4",\n', encoding="utf-8-sig")
    found = read(path)
    write(found, path)
    assert read(path) == found
    assert found.rows == (("a, b.mp4", "3"), ('c "d".mp4', ""))
