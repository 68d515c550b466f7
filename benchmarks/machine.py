"""The machine that a benchmark ran on, in one line: figures without it mean nothing."""

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path


def describe(*distributions: str) -> str:
    """
    Describe this machine: processor, cores that this process may use, versions, load, network settings.

    Args:
        distributions: installed ones whose versions matter; one that is not installed is called "absent".
    """
    facts = [
        f"{len(os.sched_getaffinity(0))} cores of {_processor()}",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        _compiler(),
        *(f"{name} {_version(name)}" for name in distributions),
        f"{_setting('net/ipv4/tcp_congestion_control')} congestion control",
        f"somaxconn {_setting('net/core/somaxconn')}",
        f"load {os.getloadavg()[0]:.2f}",
    ]
    return ", ".join(facts)


def _processor() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return model[1].strip() if model else platform.machine()


def _compiler() -> str:
    try:
        version = subprocess.check_output(["gcc", "-dumpfullversion"], text=True, timeout=10)
    except FileNotFoundError:
        return "no gcc"
    return f"gcc {version.strip()}"


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except FileNotFoundError:
        return "unknown"


if __name__ == "__main__":
    print(describe())
