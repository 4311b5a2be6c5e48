"""One Prefect server and one worker for all tests of flows.

Mark a test that needs them with `pytest.mark.xdist_group("prefect")`: one process has them then.
"""

from collections.abc import Iterator

import pytest

from tests.drift.conftest import score, trained
from tests.flows.server import Prefect, server
from tests.ingest.conftest import champion, deliver, root
from tests.shadow.conftest import shadowed

__all__ = ["champion", "deliver", "prefect", "root", "score", "shadowed", "trained"]


# Of the package: an idle server takes a fifth of a core from the tests that come after these.
@pytest.fixture(scope="package")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """A server of our own with a worker of the pool `vq`."""
    with server(tmp_path_factory.mktemp("prefect")) as running:
        yield running
