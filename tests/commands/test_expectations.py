"""`vq expectations`: what is printed can be appended to a file of expectations."""

from pathlib import Path

import pytest
import yaml

from vq import cli
from vq.data import manifest


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of accepted rows."""
    path = tmp_path / "accepted.parquet"
    rows = [{"video": f"{n}.mp4", "mos": 1.0 + n, "codec": "h264"} for n in range(4)]
    manifest.write(manifest.build(rows), path)
    return path


def test_what_is_printed_goes_behind_what_is_there(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind a comment, or behind a list that ends without a line break."""
    assert cli.main(["expectations", str(table), "--columns", "mos", "--tolerance", "0.5"]) == 0

    printed = capsys.readouterr().out
    own = "- {type: expect_column_to_exist, kwargs: {column: mos}}"
    of_table, quantiles = yaml.safe_load("# nothing yet" + printed)
    assert len(yaml.safe_load(own + printed)) == 3
    assert of_table["kwargs"] == {"min_value": 2}
    assert quantiles["kwargs"]["quantile_ranges"]["value_ranges"][2] == [1.5, 4.5]
    assert ": 4 rows" in printed.lower()


def test_a_column_that_is_not_there_is_named(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those that are."""
    assert cli.main(["expectations", str(table), "--columns", "moss"]) == 1

    assert "accepted.parquet: has no column 'moss'; it has video," in capsys.readouterr().err
