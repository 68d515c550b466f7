"""A file that was sent in part, and how the rest of it follows."""

from collections.abc import AsyncIterable

from doorward.clients.ftp.session import Session
from doorward.clients.ftp.uploads import upload
from doorward.core.errors import PeerRefused, TransferIncomplete

_OF_THE_SERVER = frozenset({421, 425, 426, 450, 452, 522, 530, 534, 552})
"""Refusals that are about something else than where the file goes on."""


async def resume(session: Session, name: str, chunks: AsyncIterable[bytes], *, offset: int) -> int:
    """
    Send the rest of a file: by REST and STOR, or by APPE where a server does not do that.

    Where it does neither, what is there is removed, so that the next try begins anew.

    Args:
        session: in its folder.
        name: of the file, which has `offset` bytes.
        chunks: what follows them.
        offset: in bytes, more than 0.

    Returns:
        Its length in bytes, which the server confirmed.

    Raises:
        TransferIncomplete: it is not there whole, or cannot be gone on with.
        ConnectError: the server could not be asked.
    """
    # a refusal comes before any of the chunks was taken
    try:
        return await upload(session, name, chunks, offset=offset)
    except PeerRefused as refused:
        if refused.code in _OF_THE_SERVER:
            raise
    try:
        return await upload(session, name, chunks, verb="APPE", offset=offset)
    except PeerRefused as refused:
        if refused.code in _OF_THE_SERVER:
            raise
        await session.ask_for("DELE", name)
        problem = f"{refused.problem}; what was there of it was removed"
        raise TransferIncomplete(refused.address, "data", problem, "Try again: it begins anew.") from refused
