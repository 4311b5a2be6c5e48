"""What every test of training needs."""

from collections.abc import Callable, Iterator

import pytest
import torch

from tests.training import toy_data
from vq.training.training_data import TrainingData


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tests run side by side; threads of one would wait for those of another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_data() -> Callable[..., TrainingData]:
    """See `toy_data.make_data`."""
    return toy_data.make_data
