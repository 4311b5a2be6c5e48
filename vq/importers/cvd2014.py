"""CVD2014 (Nuutinen et al., IEEE TIP 2016)."""

from pathlib import Path

from vq.data import tables
from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating, parts


def read(path: Path, how: How) -> list[Rating]:
    """`Realignment_MOS.csv`: semicolons, decimal commas; lines without a file name are left out.

    A video is `Test1/City/Test01_City_D01.avi`: test, scene, name.
    """
    table = tables.read(path, delimiter=how.delimiter or ";")
    names, scenes = table.text("File_name"), table.text("Content")
    rows = [row for row, name in enumerate(names) if name]
    mos = table.text("Realignment MOS")
    scores = tables.numbers([mos[row] for row in rows], where=f"{path}: column 'Realignment MOS'")
    return [
        Rating(f"{_test(path, names[row])}/{scenes[row]}/{names[row]}.avi", value)
        for row, value in zip(rows, scores, strict=True)
    ]


def content(video: str) -> str:
    """Test and scene: `Test01_City_D01` -> `Test01_City`."""
    name = parts(video, ".", count=1)[0]
    return name.rpartition("_D")[0] or name


def _test(path: Path, name: str) -> str:
    number = name.removeprefix("Test").partition("_")[0]
    if not number.isdecimal() or not number.isascii() or len(number) > 2:
        raise DataError(
            f"{path}: column 'File_name' has {tables.shorten(name)!r}, expected something like "
            "Test01_City_D01; is it the right file?"
        )
    return f"Test{int(number)}"


FORM = Form(
    title="CVD2014",
    read=read,
    files="Realignment_MOS.csv",
    layout="File_name; Content; Realignment MOS with decimal commas; from code that reads it.",
    scale=(-10.0, 100.0),
    videos=234,
    published=(-6.5, 93.38),
    source="https://www.helsinki.fi/~tiovirta/Resources/CVD2014/",
    contents=(
        "Test and scene: all cameras of a test filmed the scene side by side. Scenes return in "
        "other tests; for a stricter split set `content` to the scene alone."
    ),
    content=content,
    suffix=".avi",
    defects=(
        "Realigned scores leave 0 to 100: two are below 0 (-6.5 and -1.11), which is why the scale "
        "begins at -10."
    ),
)
