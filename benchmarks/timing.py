"""What something costs: seconds by the clock, and of the processor."""

import resource
import time
from collections.abc import Callable


def timed(act: Callable[[], None]) -> tuple[float, float]:
    """Seconds that `act` takes by the clock and of the processor, as `cpu_seconds` has them."""
    cpu, begun = cpu_seconds(), time.perf_counter()
    act()
    return time.perf_counter() - begun, cpu_seconds() - cpu


def cpu_seconds() -> float:
    """What this process and its children that have ended took of the processor until now."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
