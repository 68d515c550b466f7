"""Which errors of clients another try may do better, for those that do not say it themselves."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from doorward.core.errors import ConnectError, PeerRefused, TransferIncomplete
from doorward.core.fetching import Interrupted


@contextmanager
def interrupting() -> Iterator[None]:
    """
    Within, raise what another try may do better as `Interrupted`, with the words it had.

    That is what `clients.fetch.failures` says of HTTP: a connection that did not come in time or was lost, a
    name that cannot be resolved at the moment; and here a refusal that is temporary, and half a file.
    """
    try:
        yield
    except ConnectError as error:
        if _is_passing(error):
            raise Interrupted(error.address, error.phase, error.problem, error.next_step) from error
        raise


def _is_passing(error: ConnectError) -> bool:
    if isinstance(error, PeerRefused):
        return error.is_temporary
    if isinstance(error, TransferIncomplete):
        return True
    match error.__cause__:
        case ConnectionRefusedError():
            return False
        case socket.gaierror() as unresolved:
            return unresolved.errno == socket.EAI_AGAIN
        case TimeoutError() | ConnectionError():
            return True
        case OSError() as failed:
            # without a number it is not the system's, but says what was wrong with the address
            return failed.errno is not None
        case _:
            return False
