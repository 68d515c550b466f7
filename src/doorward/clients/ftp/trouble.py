"""Which failures pass by themselves; the errors of this client as those of a place of backups."""

from collections.abc import Iterator
from contextlib import contextmanager

from doorward.clients._trouble import trouble_of_connection
from doorward.clients.ftp.telling import wants_tls
from doorward.core.backup_store import MAKE_ROOM, StoreError, Trouble
from doorward.core.errors import ConnectError, NameTaken, PeerRefused, TransferIncomplete

_FULL_CODES = frozenset({452, 552})
_FULL_WORDS = (
    *("no space left", "disk full", "disc full", "quota"),
    # vsftpd and Pure-FTPd of a write that failed, with 451
    *("failure writing to local file", "error during write to file"),
)


@contextmanager
def told() -> Iterator[None]:
    """Within, have a ConnectError raised as the StoreError that says what kind of trouble it is."""
    try:
        yield
    except StoreError:
        raise
    except ConnectError as error:
        trouble = trouble_of(error)
        # what its code alone suggests is not always that
        step = MAKE_ROOM if trouble is Trouble.FULL else error.next_step
        raise StoreError(error.address, error.phase, error.problem, step, trouble=trouble) from error


def trouble_of(error: ConnectError) -> Trouble:
    """What kind of trouble `error` is; see RFC 959 section 4.2.1 for those with a code."""
    match error:
        case NameTaken():
            return Trouble.TAKEN
        case PeerRefused(phase="login") if error.address.startswith("ftp://") and wants_tls(error.problem):
            return Trouble.PERMANENT  # Pure-FTPd says so with 421
        case PeerRefused(code=code) | TransferIncomplete(code=code) if code >= 400:
            if code in _FULL_CODES or any(words in error.problem.lower() for words in _FULL_WORDS):
                return Trouble.FULL
            return Trouble.TEMPORARY if code < 500 else Trouble.PERMANENT
        case TransferIncomplete():
            return Trouble.TEMPORARY
        case _:
            return trouble_of_connection(error)
