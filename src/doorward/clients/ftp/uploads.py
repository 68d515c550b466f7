"""Files that go to a server; one counts as there when the server says so and its size agrees."""

from collections.abc import AsyncIterable

from doorward.clients._pieces import pieces
from doorward.clients.ftp.downloads import list_names
from doorward.clients.ftp.replies import Reply
from doorward.clients.ftp.session import Session
from doorward.clients.ftp.transfers import Broken, Transfer, transferring
from doorward.core.errors import NameTaken
from doorward.core.units import KIB

PIECE_BYTES = 256 * KIB
"""How much is written at once, so that whoever writes notices soon that nothing goes."""


async def upload(
    session: Session, path: str, chunks: AsyncIterable[bytes], *, verb: str = "STOR", offset: int = 0
) -> int:
    """
    Send `chunks` to `path`, from `offset` on, and have the server say how long the file is then.

    What it had before the offset stays; with `APPE` the offset is its whole length, which only the size is
    held against. After any error the file may be there in part: whoever sends it again looks at its size.

    Returns:
        Its length in bytes.

    Raises:
        PeerRefused: the server does not take it.
        TransferIncomplete: it is not there whole, or nobody can tell.
        ConnectError: the server could not be asked.
    """
    moved_bytes = offset
    begins_at = 0 if verb == "APPE" else offset
    async with transferring(session, verb, path, offset=begins_at) as transfer:
        try:
            async for chunk in chunks:
                for piece in pieces(chunk, PIECE_BYTES):
                    await transfer.write(piece)
                    moved_bytes += len(piece)
            await transfer.finish()
        except Broken as broken:
            reply = await transfer.reply_to_failure()
            raise transfer.incomplete(
                broken.problem, reply, moved_bytes=moved_bytes, expected_bytes=None
            ) from broken
        reply = await transfer.last_reply()
        if reply is not None and not reply.is_good:
            raise transfer.incomplete(
                "the server gave it up", reply, moved_bytes=moved_bytes, expected_bytes=None
            )
    await _compare(session, path, transfer, reply, sent_bytes=moved_bytes)
    return moved_bytes


async def _compare(
    session: Session, path: str, transfer: Transfer, reply: Reply | None, *, sent_bytes: int
) -> None:
    """Without a last word the connection is another one by now, and what was sent may not be on the disk."""
    if reply is not None:
        size, problem = await session.size(path), "the server says that it is there, with another size"
    else:
        size, problem = await session.settled_size(path, wanted_bytes=sent_bytes), "the connection was lost"
    if size != sent_bytes:
        last = reply or transfer.closing
        raise transfer.incomplete(problem, last, moved_bytes=size or 0, expected_bytes=sent_bytes)


async def rename(session: Session, old: str, new: str) -> None:
    """
    Give a file another name that nothing has: servers overwrite without a word.

    Somebody else may take it between the look and the renaming. What the size of tells nothing, a folder,
    is seen only where `new` is a name in the current folder, and the list of names has it.

    Raises:
        NameTaken: something has it.
        PeerRefused: it cannot be renamed.
        ConnectError: the server could not be asked; after `RNTO` nobody knows whether it was done.
    """
    session.check("RNFR", old)
    if await session.size(new) is not None:
        raise _taken(session, new)
    if "/" not in new and new in await list_names(session):
        raise _taken(session, new)
    reply = await session.ask("RNFR", old)
    if reply.code != 350:
        raise session.teller.refusal("reply", "RNFR", reply)
    await session.ask_for("RNTO", new)


def _taken(session: Session, name: str) -> NameTaken:
    problem = f"{name} is there already, and was left as it is"
    return NameTaken(
        session.server.url, "reply", problem, "Look what it is; take another name, or remove it."
    )
