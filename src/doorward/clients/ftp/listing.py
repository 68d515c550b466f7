"""The files of a folder with their sizes: by MLSD, or by their names and a question for each."""

from collections.abc import Callable, Sequence

from doorward.clients.ftp.commands import split_names
from doorward.clients.ftp.downloads import collect, listing_in_time
from doorward.clients.ftp.features import Entry, lists_facts, parse_entries
from doorward.clients.ftp.session import Session
from doorward.core.backup_store import LISTED_FILES, Listing, StoredFile, is_plain_name
from doorward.core.errors import ConnectError, PeerRefused, ProtocolError
from doorward.core.secret import without

_OF_AN_EMPTY_FOLDER = "no files found"

_STEP_UNREADABLE = "Does a name there have a line end in it? Rename it."

_NO_FILES = 2
"""The folder itself and the one above it, which stand in some lists."""


async def list_files(session: Session, folder: str, is_wanted: Callable[[str], bool] | None) -> Listing:
    """
    The files of `folder`, which is the current one; it is entered anew, as one that is gone lists nothing.

    Raises:
        PeerRefused: it is not there, or may not be listed.
        TransferIncomplete: the list did not come whole.
        ConnectError: it is too long, takes too long, or is not understood.
    """
    async with listing_in_time(session):
        return await _list_files(session, folder, is_wanted)


async def _list_files(session: Session, folder: str, is_wanted: Callable[[str], bool] | None) -> Listing:
    await session.ask_for("CWD", folder)
    try:
        has_facts = lists_facts(await session.features())
        if has_facts:
            entries = parse_entries(await _lines(session, "MLSD"))
        else:
            entries = _unknown(split_names(await _names(session)), folder)
    except ProtocolError as error:
        raise session.teller.misunderstood("data", error, _STEP_UNREADABLE) from error
    if len(entries) > LISTED_FILES:
        raise _too_many(session)
    plain = [entry for entry in entries if is_plain_name(entry.name)]
    wanted = [entry for entry in plain if entry.is_file and (is_wanted is None or is_wanted(entry.name))]
    sizes = {entry.name: entry.size_bytes for entry in wanted}
    sizes |= await _sizes_of(session, [name for name, size_bytes in sizes.items() if size_bytes is None])
    return Listing(
        {name: StoredFile(name, size) for name, size in sizes.items() if size is not None},
        tuple(
            without(session.server.password, entry.name)
            for entry in entries
            if entry.is_file and not is_plain_name(entry.name)
        ),
        # vsftpd's list of names has none
        has_hidden=has_facts or any(entry.name.startswith(".") for entry in entries),
    )


async def has_name(session: Session, name: str) -> bool:
    """
    Whether something in the current folder has this name, be it a folder.

    Raises:
        ConnectError: it cannot be told.
    """
    if await session.size(name) is not None:
        return True
    try:
        return name in split_names(await _names(session))
    except ProtocolError as error:
        raise session.teller.misunderstood("data", error) from error


async def _names(session: Session) -> bytes:
    try:
        return await _lines(session, "NLST")
    except PeerRefused as refused:
        if refused.code in {450, 550} and _OF_AN_EMPTY_FOLDER in refused.problem.lower():
            return b""
        raise


async def _lines(session: Session, verb: str) -> bytes:
    """A list that is not so long that reading it would hold up all others: short names make many of them."""
    listing = await collect(session, verb)
    if listing.count(b"\n") > LISTED_FILES + _NO_FILES:
        raise _too_many(session)
    return listing


def _too_many(session: Session) -> ConnectError:
    problem = f"the folder has more than {LISTED_FILES} files"
    return session.teller.error("data", problem, "Take a folder of its own.")


def _unknown(names: Sequence[str], folder: str) -> list[Entry]:
    """Some servers put the path before each name, which is no harm if it is the one of this folder."""
    before = f"{folder.rstrip('/')}/"
    return [Entry(name.removeprefix(before), is_file=True, size_bytes=None) for name in names]


async def _sizes_of(session: Session, names: Sequence[str]) -> dict[str, int | None]:
    """Sizes by name; None for what is no file, or none any more."""
    replies = await session.ask_all([("SIZE", name) for name in names])
    return {name: session.size_of(reply) for name, reply in zip(names, replies, strict=True)}
