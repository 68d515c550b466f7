"""Whether a server speaks TLS from the first byte on or from `AUTH TLS` on: `ftps://` may be either."""

from dataclasses import replace

from doorward.clients.ftp.conversation import Conversation, converse
from doorward.clients.ftp.settings import EXPLICIT_PORT, FtpServer, Security
from doorward.clients.ftp.telling import NO_TLS, Teller
from doorward.core.errors import ConnectError, TlsFailed


async def enter(server: FtpServer, teller: Teller) -> Conversation:
    """
    As `converse`; a server of `Security.EITHER` is spoken to in the way that it understands.

    TLS from the first byte on is tried first. A server that greets in the clear instead is connected to again
    for `AUTH TLS`, and so is one that cannot be reached at 990, if no port was named, at 21. Nothing else is
    said in the clear.

    Raises:
        ConnectError: as `converse`.
    """
    if server.security is not Security.EITHER:
        return await converse(server, teller)
    try:
        return await converse(replace(server, security=Security.IMPLICIT), teller)
    except ConnectError as error:
        if not (_greets_in_the_clear(error) or (not server.port and _is_unreached(error))):
            raise
        first = error
    port = server.endpoint.port if _greets_in_the_clear(first) else EXPLICIT_PORT
    try:
        return await converse(replace(server, security=Security.EXPLICIT, port=port), teller)
    except ConnectError as error:
        if _is_unreached(first) and _is_unreached(error):
            raise teller.unreached(first, error) from error
        raise


def _greets_in_the_clear(error: ConnectError) -> bool:
    return isinstance(error.__cause__, TlsFailed) and error.__cause__.code in NO_TLS


def _is_unreached(error: ConnectError) -> bool:
    return error.phase == "connect" and isinstance(error.__cause__, OSError)
