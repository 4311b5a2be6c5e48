"""The ingest flow, with a Prefect server."""

from pathlib import Path

import pytest

from flows.ingest import ingest
from tests.flows.server import Prefect
from tests.ingest.conftest import Deliver
from vq.errors import DataError


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_delivery_is_taken_in_and_told(prefect: Prefect, root: Path, deliver: Deliver) -> None:
    """What was refused, and what to do about it, is on one page."""
    videos, labels = deliver(["a.mkv,3", "b.mkv,9"], a=10, b=11)
    with prefect.here():
        with pytest.raises(DataError, match="nothing is taken, 1 of 2 videos"):
            ingest(videos, labels, commit=True, workspace=root)
        assert "nothing is taken, 1 of 2 videos" in prefect.artifact("intake")
        said = ingest(videos, labels, commit=True, partial=True, workspace=root)

    assert said == "data/mine: 1 video more, 0 there already, 1 refused"
    told = prefect.artifact("intake")
    assert told.startswith("## data/mine: 1 video more\n\nThere already: 0. Refused: 1. Com")
    assert "| `b.mkv` | `on_scale` | `9.0` | `correct it, or the scale in card.yaml" in told
