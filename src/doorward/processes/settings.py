"""The bounds of the room, each with its unit."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """
    How many shims there are, and how long they may take.

    Attributes:
        shims: at most this many runs at once; one more ends as `NotStarted`. Abandoned ones do not count.
        warm_shims: started with the nursery and kept while idle, each about 1.1 MiB of its own.
        idle_seconds: what is idle beyond the warm ones goes after one to two times this.
        chunk_bytes: read from a pipe at a time.
        starting: so many runs may be younger than `starting_seconds`; the next wait their turn. More at once
            only get in each other's way: with 64 asked for, 6 on two processors gave about the same rate
            and two thirds of the p99 (benchmarks/spawn.py).
        starting_seconds: a run this old (up to twice this) is not in the others' way.
        settle_seconds: a run this young has its output read only at its end, which is most runs' whole life.
        discard_seconds: between two chunks of output that nobody wants.
        answer_seconds: beyond its times, what a shim may take to say that a run is over.
        close_seconds: what the nursery may take to end after every run has.
    """

    shims: int = 64
    warm_shims: int = 2
    idle_seconds: float = 10.0
    chunk_bytes: int = 64 * 1024
    starting: int = field(default_factory=lambda: 3 * (os.cpu_count() or 1))
    starting_seconds: float = 0.02
    settle_seconds: float = 0.005
    discard_seconds: float = 0.01
    answer_seconds: float = 1.0
    close_seconds: float = 5.0
