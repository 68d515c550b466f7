"""How long properties and matrices run, and may take: quick and the same each time, or, for a soak, fresh."""

import os

import pytest
from hypothesis import HealthCheck, settings

IS_SOAK = os.environ.get("DOORWARD_SOAK") == "1"
SOAK_SECONDS = 1800.0
"""Of one test: thousands of examples take over a minute on a machine that has other work as well."""

# The quick profile tries the same examples each time: a failure in somebody's checkout is one in everybody's.
settings.register_profile("quick", max_examples=60, derandomize=True, deadline=None, database=None)
settings.register_profile(
    "soak",
    max_examples=2_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("soak" if IS_SOAK else "quick")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give the tests of a soak their time, whoever starts it, before pytest-timeout looks for it."""
    if IS_SOAK and config.getoption("timeout") is None:
        config.option.timeout = SOAK_SECONDS


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the soak tests out unless they are asked for: left out, not skipped."""
    if IS_SOAK:
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
