"""The first connection to a server, by its name; those for files go to where it ended up."""

from doorward.clients._reaching import Peer, reach_host
from doorward.clients._streams import Stream
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.telling import Teller


async def reach(server: FtpServer, teller: Teller) -> tuple[Stream, Peer]:
    """
    Connect to the first of the host's addresses that takes a connection.

    Raises:
        ConnectError: none does.
    """
    endpoint, within_seconds = server.endpoint, server.deadlines.connect_seconds
    async with teller.phase("connect", within_seconds):
        return await reach_host(endpoint.host, endpoint.port, within_seconds=within_seconds)
