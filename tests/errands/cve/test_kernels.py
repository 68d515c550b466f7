"""Kernels that are installed, and the one that runs."""

import pytest

from doorward.core.installed import SourcePackage
from doorward.errands.cve.kernels import without_idle_kernels

BASH = SourcePackage(name="bash", version="5.2-1", binaries=("bash",))


def kernel(version: str, *binaries: str) -> SourcePackage:
    return SourcePackage(name="linux", version=version, binaries=binaries)


OLD = kernel("6.1.9-1", "linux-image-6.1.0-9-amd64")
MIDDLE = kernel("6.1.10-1", "linux-headers-6.1.0-10-amd64", "linux-image-6.1.0-10-amd64")
NEW = kernel("6.1.12-1", "linux-image-6.1.0-12-amd64", "linux-libc-dev")
HEADERS = kernel("6.1.12-2", "linux-libc-dev")


@pytest.mark.parametrize(
    ("running", "left"),
    [
        ("6.1.0-12-amd64", (NEW,)),
        # one that was upgraded and not rebooted yet
        ("6.1.0-10-amd64", (MIDDLE, NEW)),
        ("6.1.0-9-amd64", (OLD, MIDDLE, NEW)),
        # a kernel of its own, or a container's host
        ("6.17.1-mine", (NEW,)),
    ],
)
def test_only_what_runs_or_is_newer_counts(running: str, left: tuple[SourcePackage, ...]) -> None:
    packages = (BASH, OLD, MIDDLE, NEW, HEADERS)
    assert without_idle_kernels(packages, running=running) == (BASH, *left)


def test_headers_alone_hold_no_kernel() -> None:
    assert without_idle_kernels((BASH, HEADERS), running="6.1.0-12-amd64") == (BASH,)


def test_an_unsigned_kernel_is_found_too() -> None:
    unsigned = kernel("6.1.11-1", "linux-image-6.1.0-11-amd64-unsigned")
    left = without_idle_kernels((OLD, unsigned, NEW), running="6.1.0-11-amd64")
    assert left == (unsigned, NEW)
