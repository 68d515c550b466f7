"""What an answer of SFTP means: whether it lasts, and what a person can do."""

import asyncssh

from doorward.core.backup_store import MAKE_ROOM, StoreError, Trouble
from doorward.core.secret import Secret, without

_REASON_CHARACTERS = 200

_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_PERMANENT = (
    asyncssh.SFTPNoSuchFile,
    asyncssh.SFTPNoSuchPath,
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPWriteProtect,
    asyncssh.SFTPOpUnsupported,
    asyncssh.SFTPNotADirectory,
    asyncssh.SFTPFileIsADirectory,
    asyncssh.SFTPFileAlreadyExists,
    asyncssh.SFTPInvalidFilename,
    asyncssh.SFTPCannotDelete,
    asyncssh.SFTPUnknownPrincipal,
    asyncssh.SFTPLinkLoop,
)
_OF_THE_CONNECTION = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPBadMessage)


def is_of_the_connection(error: Exception) -> bool:
    """Whether nothing more can be asked on the connection that it came from."""
    return not isinstance(error, asyncssh.SFTPError) or isinstance(error, _OF_THE_CONNECTION)


def reason_of(error: Exception, password: Secret | None) -> str:
    """What the library or the server says, in one short line without the password."""
    return " ".join(without(password, str(error)).split())[:_REASON_CHARACTERS]


def store_error(
    address: str, phase: str, error: Exception, *, within_seconds: float, password: Secret | None
) -> StoreError:
    """
    The error that says so; raise it from `error`.

    Args:
        address: of the folder.
        phase: what was under way.
        error: of the library or of the system.
        within_seconds: how long the answer was waited for.
        password: that the server was told, and may repeat; None for none.
    """
    said = reason_of(error, password)
    problem, step = said[:1].lower() + said[1:], ""
    match error:
        case TimeoutError():
            problem = f"no answer within {within_seconds:g} s"
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            step = "May this user do that there?"
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            step = "Is it there?"
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            step = MAKE_ROOM
        case asyncssh.SFTPError() if not is_of_the_connection(error):
            problem = f"the server answered: {problem or type(error).__name__}"
        case _:
            problem = f"the connection was lost: {problem or type(error).__name__}"
    return StoreError(address, phase, problem, step, trouble=_trouble_of(error))


def _trouble_of(error: Exception) -> Trouble:
    if isinstance(error, _FULL):
        return Trouble.FULL
    return Trouble.PERMANENT if isinstance(error, _PERMANENT) else Trouble.TEMPORARY
