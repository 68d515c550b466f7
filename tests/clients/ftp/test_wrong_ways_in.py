"""A wrong password, or a wrong way to encrypt, at real servers: told as what it is, and not tried again."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from doorward.clients.ftp.settings import FtpServer, Security
from doorward.clients.ftp.store import FtpStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.secret import Secret
from doorward.errands.backups.reaching import Again, listed
from doorward.errands.backups.watching import Nobody
from tests.clients.ftp.faults import faulty_server
from tests.clients.ftp.servers import (
    LOCALHOST,
    PATIENT,
    needs_pureftpd,
    needs_root,
    needs_vsftpd,
    pureftpd_running,
    pyftpdlib_running,
    vsftpd_running,
)
from tests.clients.serving import serving
from tests.errands.backups.places import quick_patience


def refused_by(server: FtpServer) -> StoreError:
    return asyncio.run(refused(server))


async def refused(server: FtpServer) -> StoreError:
    with pytest.raises(StoreError) as caught:
        async with FtpStore(server, "in").connect():
            pass
    return caught.value


def test_a_wrong_password_is_told_as_a_login_and_where_it_came_from() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        server = replace(real.server, password=Secret("wrong"), password_from="/etc/backup-password")
        error = refused_by(server)
        unknown = refused_by(replace(server, password_from=""))
    assert (error.phase, error.trouble) == ("login", Trouble.PERMANENT)
    assert str(error).endswith(
        "login: the login was refused: the server answered 530: Authentication failed. "
        "Are the name and the password right, which came from /etc/backup-password? "
        "If the server wants TLS, write ftps://."
    )
    assert "Are the name and the password right? If" in str(unknown)


@needs_vsftpd
@needs_root
def test_a_server_that_wants_tls_of_a_login_in_the_clear_is_told() -> None:
    with vsftpd_running(Security.EXPLICIT) as real:
        error = refused_by(replace(real.server, security=Security.NONE))
    assert (error.phase, error.trouble) == ("login", Trouble.PERMANENT)
    assert error.next_step == "The server wants TLS: write ftps:// in place of ftp://."


@needs_pureftpd
@needs_root
def test_a_server_that_wants_tls_with_a_code_that_passes_is_not_tried_again() -> None:
    with pureftpd_running(Security.EXPLICIT) as real:
        error = refused_by(replace(real.server, security=Security.NONE))
    assert "421" in error.problem
    assert error.trouble is Trouble.PERMANENT
    assert error.next_step == "The server wants TLS: write ftps:// in place of ftp://."


def test_tls_from_the_first_byte_on_at_a_server_that_greets_in_the_clear_is_not_tried_again() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        error = refused_by(replace(real.server, security=Security.IMPLICIT))
    assert (error.phase, error.trouble) == ("TLS", Trouble.PERMANENT)
    assert "write ftpes://" in error.next_step


def test_a_server_without_auth_is_told() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        error = refused_by(replace(real.server, security=Security.EXPLICIT))
    assert (error.phase, error.trouble) == ("TLS", Trouble.PERMANENT)
    assert "write ftps://" in error.next_step
    assert "the folder" not in str(error)


def test_a_server_that_does_not_greet_may_want_tls_at_once() -> None:
    is_gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        is_gone.set()

    async def met() -> StoreError:
        soon = replace(PATIENT, reply_seconds=0.3)
        async with serving(say_nothing, LOCALHOST) as port:
            server = FtpServer(host=LOCALHOST, port=port, security=Security.EXPLICIT, deadlines=soon)
            error = await refused(server)
            await is_gone.wait()
            return error

    error = asyncio.run(met())
    assert error.trouble is Trouble.TEMPORARY
    assert "write ftps://" in error.next_step


def test_a_refused_folder_is_still_told_as_one() -> None:
    async def met() -> StoreError:
        async with faulty_server() as faulty:
            faulty.says("CWD", "550 No such folder.")
            return await refused(faulty.server())

    assert str(asyncio.run(met())).endswith(
        "reply: the folder cannot be entered: the server answered 550 to CWD: No such folder. "
        "Is it there, and may this user enter it?"
    )


@needs_root
@needs_vsftpd
def test_where_hidden_names_are_not_listed_nobody_carries_one() -> None:
    with vsftpd_running(Security.NONE) as real:
        error = asyncio.run(listed_at(real.server, ".web"))
    assert error is not None
    assert error.trouble is Trouble.PERMANENT
    assert error.problem.startswith("the server lists no names that begin with a dot")


def test_where_hidden_names_are_listed_they_are_carried() -> None:
    with pyftpdlib_running(Security.NONE) as real:
        assert asyncio.run(listed_at(real.server, ".web")) is None


async def listed_at(server: FtpServer, name: str) -> StoreError | None:
    async with FtpStore(server, "in").connect() as place:
        try:
            await listed(place, {name}, Again(quick_patience(), Nobody()))
        except StoreError as error:
            return error
    return None
