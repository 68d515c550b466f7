"""How many descriptors the process needs, and may have."""

import resource

from doorward.core.limits import Limits

DESCRIPTORS_OF_A_RUN = 6
"""While one starts: its three pipes, and both ends of the way to its shim."""

SPARE_DESCRIPTORS = 256
"""Beside connections and runs: listeners, the state's files, what libraries hold."""


DESCRIPTORS_OF_A_DOWNLOAD = 2
"""Beside its connection: the file, and a second one of the socket."""


def allow_descriptors(limits: Limits, *, doors: int, shows_files: bool = False) -> str:
    """
    Raise this process's soft limit of descriptors as far as its doors and its runs may need.

    Returns:
        A notice when the hard limit does not allow that many; empty when it does.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections, runs = limits.connections * doors, limits.runs + limits.runs_of_builtins
    downloads = limits.connections * DESCRIPTORS_OF_A_DOWNLOAD if shows_files else 0
    needed = connections + downloads + _for_runs(limits) + SPARE_DESCRIPTORS
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
    if needed <= hard:
        return ""
    return (
        f"{connections} connections and {runs} runs at once want {needed} descriptors, "
        f"and the system allows {hard}"
    )


def most_connections(limits: Limits) -> int:
    """How many connections may be open at all doors together, so that runs and files find descriptors too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = soft - _for_runs(limits) - SPARE_DESCRIPTORS
    # with few descriptors in all, a quarter of them: a daemon that turns everybody away is none
    return max(left, soft // 4)


def _for_runs(limits: Limits) -> int:
    return (limits.runs + limits.runs_of_builtins) * DESCRIPTORS_OF_A_RUN
