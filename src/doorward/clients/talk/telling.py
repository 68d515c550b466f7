"""What becomes of a failure: one error with the address, the phase and what a person can do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from doorward.clients._in_time import Deadline
from doorward.clients._streams import PLAIN_TEXT
from doorward.clients._tls import words_of_error
from doorward.clients._trust import Words, words_of_failure
from doorward.core.errors import ConnectError, ProtocolError, TlsFailed
from doorward.core.talking import NotInTime

NO_TLS = "WRONG_VERSION_NUMBER"
"""What OpenSSL makes of text in the place of TLS, mostly."""

_NO_TLS = frozenset({NO_TLS, "UNEXPECTED_MESSAGE", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})


@asynccontextmanager
async def opening(
    address: str, phase: str, *, within_seconds: float, ends_at: float | None, total_seconds: float | None
) -> AsyncIterator[None]:
    """
    Give what is within so many seconds, and no more than are left of all.

    Args:
        address: for errors.
        phase: likewise.
        within_seconds: for this.
        ends_at: when all is over, on the clock of the loop; None for never.
        total_seconds: how much that was.

    Raises:
        NotInTime: there was no more time for any of it.
        ConnectError: this took longer, or an OSError, a ProtocolError or a ValueError came out of it.
    """
    until = asyncio.get_running_loop().time() + within_seconds
    is_last = ends_at is not None and ends_at <= until

    def over() -> ConnectError:
        if is_last:
            return NotInTime(address, phase, *_too_slow(phase, f"{total_seconds:g} s in all"))
        return ConnectError(address, phase, *_too_slow(phase, f"{within_seconds:g} s"))

    try:
        async with Deadline(ends_at if is_last else until, over):
            yield
    except ConnectError:
        raise
    except (OSError, ProtocolError, ValueError) as error:  # a TimeoutError is an OSError
        raise ConnectError(address, phase, *words_of(error, phase)) from error


def words_of(error: Exception, phase: str) -> Words:
    """What to say of it, and what a person can do."""
    match error:
        case TlsFailed():
            return _words_of_tls(error)
        case ProtocolError():
            return str(error), "Does this protocol have another command for TLS, or is TLS off there?"
        case socket.gaierror():
            return f"the name cannot be resolved: {words_of_error(error)}", "Look at how the host is written."
        case TimeoutError():
            return "the host does not answer", "Is it up, and does it let you through?"
        case ConnectionRefusedError():
            return "connection refused", "Is a server running there?"
        case FileNotFoundError() if phase == "connect":
            return "there is no such socket", "Is a server running there?"
        case OSError():
            return words_of_error(error), ""
        case _:
            return str(error), ""


def _words_of_tls(failed: TlsFailed) -> Words:
    if failed.code == PLAIN_TEXT:
        return (
            "the server said more before TLS than it was asked for",
            "Somebody in between may have added it.",
        )
    if failed.code in _NO_TLS:
        return (
            "what answers there does not speak TLS",
            "Try it without TLS, or with the command that begins it: --starttls.",
        )
    return words_of_failure(failed)


def _too_slow(phase: str, time: str) -> Words:
    if phase == "connect":
        return f"no connection within {time}", "Is the host up, and does it let you through?"
    return f"no TLS within {time}", "Does it speak TLS there from the first byte on?"
