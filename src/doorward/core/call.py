"""What a Python function of the catalogue is told about its call."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from doorward.core.principal import Peer, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One call of a function.

    Attributes:
        principal: who asked.
        peer: whence.
        run: the number of the run.
        read_input: awaits the next bytes of the caller's stdin; empty at its end, and when the command
            takes none.
    """

    principal: Principal
    peer: Peer
    run: int
    read_input: Callable[[], Awaitable[bytes]] = field(repr=False)


FunctionResult = str | bytes | AsyncIterator[str | bytes] | None
"""What a function returns or, when it is async, awaits to."""
