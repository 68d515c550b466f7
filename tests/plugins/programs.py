"""`@pytest.mark.needs_program("nc", package="netcat-openbsd")`: a test with a foreign client or server."""

import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the test where one of its programs is missing, and name the package that has it."""
    for marker in item.iter_markers("needs_program"):
        name: str = marker.args[0]
        package: str = marker.kwargs["package"]
        if shutil.which(name) is None:
            pytest.skip(f"{name} is missing: apt-get install {package}")
