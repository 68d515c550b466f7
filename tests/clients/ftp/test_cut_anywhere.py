"""The control connection dies at each step of a dialogue in turn: a file is whole, or there is an error."""

import pytest

from doorward.clients.ftp.client import logged_in
from doorward.core.errors import ConnectError
from tests.clients.ftp.faults import FaultyServer, Handler, Login, faulty_server, usual
from tests.clients.ftp.files import content, fetched, in_chunks

DATA = content(100_000)
STEPS = 40
"""More than there are commands in the dialogue."""


async def dialogue(server: FaultyServer) -> None:
    """Put a file there, fetch it back and look at the names."""
    async with logged_in(server.server()) as client:
        await client.change_folder("folder")
        assert await client.publish(in_chunks(DATA), temporary="part", name="whole") == len(DATA)
        assert server.files["whole"] == DATA
        assert await fetched(client.download("whole")) == DATA
        assert await client.names() == ["whole"]


def cut_at(server: FaultyServer, step: int, *, is_answered: bool) -> None:
    """Have the connection cut at the command of this number, with its answer or without."""

    def cutting(handler: Handler) -> Handler:
        async def handle(login: Login, argument: str) -> None:
            if len(server.heard) != step:
                await handler(login, argument)
                return
            if is_answered:
                await handler(login, argument)
            login.hang_up()

        return handle

    server.instead = {verb: cutting(handler) for verb, handler in usual().items()}


@pytest.mark.parametrize("is_answered", [True, False], ids=["after the answer", "before the answer"])
async def test_a_file_is_whole_or_there_is_an_error_wherever_the_connection_dies(
    *, is_answered: bool
) -> None:
    ends = []
    for step in range(1, STEPS):
        async with faulty_server() as server:
            cut_at(server, step, is_answered=is_answered)
            try:
                await dialogue(server)
            except ConnectError as error:
                ends.append(type(error).__name__)
                assert server.files.get("whole") in {None, DATA}
            else:
                ends.append("whole")
            if len(server.heard) < step:
                break
    # the last dialogue was not cut at all
    assert len(ends) < STEPS - 1
    assert ends[-1] == "whole"
    assert "ConnectError" in ends
