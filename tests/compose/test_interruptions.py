"""What another try may do better, and what it would not."""

import errno
import socket
from dataclasses import replace

import pytest

import doorward
from doorward.compose.fetching import FetchSession
from doorward.compose.interruptions import interrupting
from doorward.core import fetch_tries
from doorward.core.errors import ConnectError, PeerRefused, TransferIncomplete
from doorward.core.fetching import FetchRequest, Interrupted
from tests.clients.ftp.faults import FaultyServer, Login, faulty_server

LOST = ConnectError("ftp://a", "reply", "it broke", "Try.")


@pytest.fixture(autouse=True)
def _pauses_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_tries, "FIRST_PAUSE_SECONDS", 0.01)


def raised(error: ConnectError, cause: Exception | None) -> ConnectError:
    """What comes out for `error`, which came of `cause`."""
    with pytest.raises(ConnectError) as caught, interrupting():
        raise replace(error) from cause
    assert str(caught.value) == str(error)
    return caught.value


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (LOST, TimeoutError()),
        (LOST, ConnectionResetError("the server closed the connection without an answer")),
        (LOST, OSError(errno.EHOSTUNREACH, "no route")),
        (LOST, socket.gaierror(socket.EAI_AGAIN, "later")),
        (PeerRefused("ftp://a", "reply", "busy", code=450), None),
        (TransferIncomplete("ftp://a", "data", "half"), None),
    ],
)
def test_what_may_pass_is_tried_again(error: ConnectError, cause: Exception | None) -> None:
    assert isinstance(raised(error, cause), Interrupted)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (LOST, None),
        (LOST, ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
        (LOST, OSError("it has no address")),
        (LOST, socket.gaierror(socket.EAI_NONAME, "unknown")),
        (LOST, ValueError("no name")),
        (PeerRefused("ftp://a", "login", "wrong", code=530), None),
    ],
)
def test_what_will_not_pass_is_not(error: ConnectError, cause: Exception | None) -> None:
    assert not isinstance(raised(error, cause), Interrupted)


def url_of(server: FaultyServer, path: str = "file") -> str:
    return f"ftp://{server.host}:{server.port}/{path}"


@pytest.mark.parametrize("verb", ["USER", "SIZE", "EPSV", "RETR"])
async def test_a_connection_to_ftp_that_is_lost_before_the_data_is_tried_again(verb: str) -> None:
    async with faulty_server() as server:
        server.files["file"] = b"here"

        async def hang_up(login: Login, _argument: str) -> None:
            del server.instead[verb]
            login.hang_up()

        server.instead[verb] = hang_up
        page = await doorward.fetch(url_of(server), retries=1)
    assert page.body == b"here"
    assert server.logins == 2


async def test_what_fails_at_whoever_takes_the_file_is_not_tried_again() -> None:
    async with faulty_server() as server, FetchSession() as session:
        server.files["file"] = b"here"
        with pytest.raises(ConnectError) as caught:
            async with session.open(FetchRequest(url=url_of(server))):
                raise replace(LOST) from OSError(errno.ENOSPC, "no space left")
    assert not isinstance(caught.value, Interrupted)
