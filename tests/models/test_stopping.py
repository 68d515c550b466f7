"""The signal that ends a model, at the worst moments."""

import pytest

from doorward.models import NAMES
from tests.models.servers import started


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_that_comes_before_a_model_is_ready_ends_it_without_a_word(name: str) -> None:
    for _ in range(3):
        # a model says its port before it waits for anything, and is ended on the way out
        with started(name, "once") as (pid, _address):
            assert pid
