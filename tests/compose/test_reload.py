"""A reload of everything: all of it counts at once, or none of it."""

import asyncio
import errno
import json
import logging
import os
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from doorward.compose.daemon import Daemon
from doorward.compose.reloading import Scope
from doorward.config import load_settings
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Verb
from doorward.core.errors import (
    CatalogueError,
    CertificateError,
    ConfigurationError,
    DoorwardError,
    ListenError,
)
from doorward.core.principal import Login, Peer, User, principal_of
from doorward.core.settings import Settings
from doorward.core.tokens import Token, new_token
from doorward.service.admission import Admitted, Refused
from doorward.stores.places import state_place
from doorward.stores.state import HeldState, hold_state, read_doors
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile
from tests.certificates import make_certificate
from tests.doors.tls_peers import HASH

pytestmark = pytest.mark.may_block("a test writes files and dials between the steps of the daemon")

BOUND_SECONDS = 10.0
TCP = '[doors.tcp]\nlisten = ["127.0.0.1:0"]\n'
TLS = '[doors.tls]\nlisten = ["127.0.0.1:0"]\n'


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldState]:
    held = hold_state(tmp_path / "state")
    yield held
    held.release()


class Reloaded:
    """
    A daemon whose configuration a test changes.

    Attributes:
        daemon: it.
        file: its configuration.
    """

    def __init__(self, held: HeldState, config: str) -> None:
        self.held = held
        self.file = held.folder.with_name("doorward.toml")
        self.file.touch(mode=0o600)
        self.file.write_text(config)
        self._changed: Callable[[Settings], Settings] = lambda settings: settings
        self.daemon = Daemon(
            load_settings(self.file),
            state_place(str(held.folder), {}),
            held,
            environment={},
            read_settings=lambda: self._changed(load_settings(self.file)),
        )

    def answer_instead(self, change: Callable[[Settings], Settings]) -> None:
        """Have what is read from now on be changed once more."""
        self._changed = change

    async def reload(self, config: str | None = None, *, scope: Scope = Scope.EVERYTHING) -> str:
        """Have the daemon take `config`, or what its users are now."""
        if config is not None:
            self.file.write_text(config)
        return await asyncio.wait_for(self.daemon.reload(scope), BOUND_SECONDS)

    def address(self, door: str, index: int = 0) -> tuple[str, int]:
        host, _, port = self.daemon.doors[door][index].rpartition(":")
        return host.strip("[]"), int(port)

    async def ask(self, line: str, *, door: str = "tcp", index: int = 0) -> str:
        """What a guest hears after the greeting."""
        reader, writer = await asyncio.open_connection(*self.address(door, index))
        writer.write(line.encode() + b"\n")
        heard = await asyncio.wait_for(reader.read(), BOUND_SECONDS)
        writer.close()
        return heard.decode().partition("\n")[2]

    def status(self) -> dict[str, object]:
        return self.daemon._status()


@asynccontextmanager
async def opened(held: HeldState, config: str) -> AsyncIterator[Reloaded]:
    reloaded = Reloaded(held, config)
    try:
        await reloaded.daemon.open()
        yield reloaded
    finally:
        await reloaded.daemon.close()


def command(name: str, said: str, *, more: str = "") -> str:
    return f'[commands.{name}]\nrun = ["echo", "{said}"]\nroles = ["guest"]\n{more}'


async def test_who_asks_for_a_reload_during_the_start_is_answered_after_it(held: HeldState) -> None:
    it = Reloaded(held, TCP + "[doors.unix]\n")
    try:
        early = it.daemon.reload()
        opened = await it.daemon.open()
        assert (await asyncio.wait_for(early, BOUND_SECONDS)).startswith("doors tcp, unix; ")
        assert it.daemon.doors == opened.doors
        assert await it.ask("echo 1") == "1\n"
    finally:
        await it.daemon.close()


async def test_commands_language_and_limits_count_at_once(held: HeldState) -> None:
    async with opened(held, TCP + command("say", "one")) as it:
        assert await it.ask("say") == "one\n"
        config = '[server]\nlanguage = "fr"\n[limits]\nline_bytes = 64\n' + TCP + command("say", "two")
        done = await it.reload(config)
        assert done.endswith("commands; 0 users, 0 sessions ended\n")
        assert await it.ask("say") == "two\n"
        assert await it.ask("unheard-of") == "Je n'ai rien compris.\n"
        assert await it.ask("echo " + "x" * 100) == ""


async def test_a_fresh_answer_is_forgotten(held: HeldState) -> None:
    fresh = "read_only = true\nfresh_seconds = 1000\n"
    config = TCP + f'[commands.now]\nrun = ["date", "+%N"]\nroles = ["guest"]\n{fresh}'
    async with opened(held, config) as it:
        first = await it.ask("now")
        assert await it.ask("now") == first
        await it.reload(config)
        assert await it.ask("now") != first


async def test_a_run_and_its_reader_go_on_and_the_run_can_still_be_cancelled(held: HeldState) -> None:
    config = TCP + '[commands.hold]\nrun = ["sh", "-c", "echo on; exec sleep 60"]\nroles = ["guest"]\n'
    async with opened(held, config) as it:
        reader, writer = await asyncio.open_connection(*it.address("tcp"))
        writer.write(b"hold\n")
        assert await asyncio.wait_for(reader.readuntil(b"on\n"), BOUND_SECONDS)
        await it.reload(TCP)
        assert it.status()["runs"] == {"live": 1, "waiting": 0, "could_not_be_killed": 0}
        assert await it.ask("hold") == "I did not understand.\n"
        writer.close()


async def test_a_listener_that_stays_keeps_its_port_and_others_come_and_go(held: HeldState) -> None:
    two = '[doors.tcp]\nlisten = ["127.0.0.1:0", "[::1]:0"]\n'
    async with opened(held, two) as it:
        first, second = it.address("tcp"), it.address("tcp", 1)
        await it.reload(TCP + "[doors.unix]\n")
        assert it.address("tcp") == first
        assert await it.ask("echo 1") == "1\n"
        assert set(it.daemon.doors) == {"tcp", "unix"} == set(read_doors(held.folder))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(second)
        path = Path(it.daemon.doors["unix"][0])
        assert await asyncio.to_thread(path.is_socket)
        await it.reload(two)
        assert not await asyncio.to_thread(path.exists)
        assert it.address("tcp") == first
        assert await it.ask("echo 2", index=1) == "2\n"


async def test_a_connection_that_came_by_a_door_that_is_shut_goes_on(held: HeldState) -> None:
    keep = 'session = "keep"\n'
    async with opened(held, TCP + keep + "[doors.unix]\n") as it:
        reader, writer = await asyncio.open_connection(*it.address("tcp"))
        await it.reload("[doors.unix]\n")
        writer.write(b"echo still\n")
        assert await asyncio.wait_for(reader.readuntil(b"still\n"), BOUND_SECONDS)
        writer.close()


async def test_a_folder_that_is_shown_no_more_is_gone_for_open_connections_too(
    held: HeldState, tmp_path: Path
) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "file").write_text("seen\n")
    web = '[doors.web]\nlisten = ["127.0.0.1:0"]\n'
    files = f'[doors.web.files]\n"/pub" = {{ root = "{tmp_path}/shown", public = true }}\n'
    async with opened(held, web + files) as it:
        reader, writer = await asyncio.open_connection(*it.address("web"))

        async def status() -> bytes:
            writer.write(b"GET /pub/file HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), BOUND_SECONDS)
            length = re.search(rb"Content-Length: ([0-9]+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            return head.split()[1]

        assert await status() == b"200"
        await it.reload(web)
        assert await status() == b"404"
        await it.reload(web + files)
        assert await status() == b"200"
        writer.close()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("[doors.tcp]\nlisten = 7\n", "this is of another type"),
        ("no toml", "doorward.toml"),
        ("[doors.tcp]\nsesion = 'once'\n", "did you mean session"),
        ('[doors.tls]\ncertificate = "gone.pem"\n', "gone.pem"),
        ("[doors.unix]\n[users.bob]\nuid = 4242\n", "this user stands in"),
        ('[doors.unix]\n[commands.reload]\nrun = ["df"]\n', "answers this command itself"),
    ],
)
async def test_after_an_error_everything_stays_and_status_says_why(
    held: HeldState, broken: str, said: str
) -> None:
    UserFile(held.folder).add(User(name="bob", uid=4343))
    config = TCP + command("say", "one")
    async with opened(held, config) as it:
        doors = it.daemon.doors
        with pytest.raises(DoorwardError, match=said):
            await it.reload(broken)
        assert it.daemon.doors == doors
        assert await it.ask("say") == "one\n"
        last = it.status()["last_reload"]
        assert isinstance(last, dict)
        assert said in str(last["problem"])
        await it.reload(config)
        last = it.status()["last_reload"]
        assert isinstance(last, dict)
        assert last["problem"] is None


async def test_a_catalogue_that_cannot_be_is_found_before_anything_changes(held: HeldState) -> None:
    async with opened(held, TCP + command("say", "one")) as it:
        doors = it.daemon.doors
        clashing = Command(name="reload", action=Verb.WHOAMI)
        it.answer_instead(lambda settings: replace(settings, catalogue=Catalogue([clashing])))
        with pytest.raises(CatalogueError, match="declared already"):
            await it.reload("[limits]\nline_bytes = 64\n[doors.unix]\n")
        assert it.daemon.doors == doors
        assert set(read_doors(held.folder)) == {"tcp"}
        assert await it.ask("echo " + "x" * 100) == "x" * 100 + "\n"


async def test_a_session_that_does_not_end_well_leaves_no_reload_half_made(
    held: HeldState, caplog: pytest.LogCaptureFixture
) -> None:
    bob = User(name="bob", uid=4343)
    UserFile(held.folder).add(bob)

    def end_badly() -> None:
        raise ValueError("this one would not go")

    async with opened(held, TCP) as it:
        portal = it.daemon._portal
        portal.opened(Admitted(principal_of(bob, Login.UID), bob), end_badly)
        UserFile(held.folder).remove("bob")
        assert (await it.reload(TCP + command("say", "two"))).endswith("0 users, some sessions ended\n")
        assert "this one would not go" in caplog.text
        assert await it.ask("say") == "two\n"


async def test_whoever_asks_the_log_has_one_line_with_what_came_of_it(
    held: HeldState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="doorward.daemon")
    async with opened(held, TCP) as it:
        caplog.clear()
        shared = [it.daemon.reload(), it.daemon.reload(), it.daemon.reload()]
        # the first began at once, and the others are one more
        told = [f"reloaded: {each.strip()}" for each in await asyncio.gather(*shared[:2])]
        assert [record.getMessage() for record in caplog.records] == told
        caplog.clear()
        with pytest.raises(ConfigurationError) as caught:
            await it.reload("[doors.tcp]\nlisten = 7\n")
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.getMessage() == f"not reloaded, everything stays as it was: {caught.value}"
        assert record.exc_info is None
        assert "exception" not in vars(record)


async def test_whoever_debugs_hears_where_a_reload_failed(
    held: HeldState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="doorward.daemon")
    async with opened(held, TCP) as it:
        with pytest.raises(ConfigurationError):
            await it.reload("[doors.tcp]\nlisten = 7\n")
    where = caplog.records[-1]
    assert where.levelno == logging.DEBUG
    assert "Traceback" in vars(where)["exception"]


async def test_an_address_that_is_taken_opens_none_of_the_others(held: HeldState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
        probe.close()
        listen = json.dumps(["127.0.0.1:0", f"127.0.0.1:{free}", f"127.0.0.1:{taken.getsockname()[1]}"])
        async with opened(held, TCP) as it:
            first = it.address("tcp")
            with pytest.raises(ListenError, match="held by"):
                await it.reload(f"[doors.tcp]\nlisten = {listen}\n")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", free))
            assert it.address("tcp") == first
            assert await it.ask("echo 1") == "1\n"


@pytest.mark.parametrize(("narrow", "wide"), [("127.0.0.1", "0.0.0.0"), ("[::1]", "[::]")])
async def test_a_door_may_go_from_one_address_to_all_and_back_on_its_port(
    held: HeldState, narrow: str, wide: str
) -> None:
    user = f'[users.alice]\npassword = "{HASH}"\n'
    async with opened(held, f'[doors.tls]\nlisten = ["{narrow}:0"]\n{user}') as it:
        _, port = it.address("tls")
        for address in (wide, narrow, wide):
            await it.reload(f'[doors.tls]\nlisten = ["{address}:{port}"]\n{user}')
            assert it.daemon.doors["tls"] == (f"{address}:{port}",)
            host = narrow.strip("[]")
            assert await asyncio.to_thread(shown_certificate, (host, port))
            assert not may_bind(host, port)
            assert not may_bind(host, port, *JOIN_AS_ANOTHER)


JOIN_AS_ANOTHER = ("setpriv", "--reuid=54321", "--clear-groups") if os.geteuid() == 0 else ()
BIND = """
import socket, sys
host, port, joins = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, joins)
    bound.bind((host, port))
"""


def may_bind(host: str, port: int, *before: str) -> bool:
    """Whether another program gets the port; as another user it asks to share it."""
    words = [*before, "/usr/bin/python3", "-c", BIND, host, str(port), str(int(bool(before)))]
    run = subprocess.run(words, check=False, capture_output=True, timeout=20)
    assert run.returncode == 0 or b"in use" in run.stderr, run
    return run.returncode == 0


async def test_a_socket_whose_path_cannot_be_removed_keeps_nothing_else_from_counting(
    held: HeldState, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = UserFile(held.folder)
    file.add(User(name="bob", uid=4343))
    unlink = os.unlink

    def refuse(path: str) -> None:
        if path.endswith(".sock"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        unlink(path)

    async with opened(held, TCP + "[doors.unix]\n") as it:
        file.remove("bob")
        with monkeypatch.context() as patched:
            patched.setattr(os, "unlink", refuse)
            done = await it.reload(TCP + command("two", "2"))
            assert done.endswith("; 0 users, 0 sessions ended\n")
            assert await it.ask("two") == "2\n"
            assert set(it.daemon.doors) == {"tcp"}
    assert "doorward.sock cannot be removed: Permission denied" in caplog.text


async def test_users_alone_are_read_while_the_configuration_is_being_edited(held: HeldState) -> None:
    async with opened(held, TCP) as it:
        UserFile(held.folder).add(User(name="bob", uid=4343))
        it.file.write_text("half a t")
        assert (await it.reload(scope=Scope.USERS)).endswith("; 1 user, 0 sessions ended\n")
        with pytest.raises(ConfigurationError):
            await it.reload()


SHOWN = new_token(Random(1).randbytes)
TOKEN = Token(id=SHOWN.id, user="bob", digest=SHOWN.digest)
WEB = Peer("web", "192.0.2.1")
BOB = "[users.bob]\nuid = 4343\n"


@pytest.mark.parametrize("scope", [*Scope])
async def test_tokens_are_read_with_the_users_and_what_is_revoked_ends_its_sessions(
    held: HeldState, scope: Scope
) -> None:
    tokens = TokenFile(held.folder)
    async with opened(held, TCP + BOB) as it:
        portal = it.daemon._portal
        assert isinstance(portal.admit_token(WEB, SHOWN.text), Refused)
        tokens.add(TOKEN, most=1)
        assert (await it.reload(scope=scope)).endswith("; 1 user, 0 sessions ended\n")
        admitted = portal.admit_token(WEB, SHOWN.text)
        assert isinstance(admitted, Admitted)
        session = portal.opened(admitted, list)
        tokens.remove(TOKEN.id)
        assert (await it.reload(scope=scope)).endswith("; 1 user, 1 session ended\n")
        assert session.is_revoked
        assert isinstance(portal.admit_token(WEB, SHOWN.text), Refused)


async def test_tokens_of_the_state_count_from_the_start_and_over_their_limit_nothing_does(
    held: HeldState,
) -> None:
    TokenFile(held.folder).add(TOKEN, most=1)
    async with opened(held, TCP + BOB) as it:
        assert isinstance(it.daemon._portal.admit_token(WEB, SHOWN.text), Admitted)
        with pytest.raises(ConfigurationError, match=r"tokens\.json: tokens: 1 tokens are more than"):
            await it.reload(TCP + BOB + "[limits]\ntokens = 0\n")
        assert isinstance(it.daemon._portal.admit_token(WEB, SHOWN.text), Admitted)
        # its user may be gone: that is no error, and it opens nothing
        await it.reload(TCP)
        assert isinstance(it.daemon._portal.admit_token(WEB, SHOWN.text), Refused)


def shown_certificate(address: tuple[str, int]) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(address))


async def test_the_state_s_own_certificate_stays_the_same(held: HeldState) -> None:
    user = f'[users.alice]\npassword = "{HASH}"\n'
    async with opened(held, TLS + user) as it:
        before = await asyncio.to_thread(shown_certificate, it.address("tls"))
        await it.reload()
        assert await asyncio.to_thread(shown_certificate, it.address("tls")) == before


async def test_a_certificate_and_its_key_change_together_or_not_at_all(held: HeldState) -> None:
    config = TLS + 'certificate = "c.pem"\nkey = "k.pem"\n'
    folder = held.folder.parent
    first, second = (make_pair(folder, name) for name in ("first", "second"))
    put(folder, certificate=first, key=first)
    async with opened(held, config) as it:
        before = await asyncio.to_thread(shown_certificate, it.address("tls"))
        put(folder, certificate=second, key=first)
        with pytest.raises(CertificateError, match="does not belong"):
            await it.reload()
        assert await asyncio.to_thread(shown_certificate, it.address("tls")) == before
        put(folder, certificate=second, key=second)
        await it.reload()
        after = await asyncio.to_thread(shown_certificate, it.address("tls"))
        assert after != before
        put(folder, certificate=first, key=second)
        # users alone: what was loaded serves on, whatever the files are by now
        await it.reload(scope=Scope.USERS)
        assert await asyncio.to_thread(shown_certificate, it.address("tls")) == after


def make_pair(folder: Path, name: str) -> tuple[bytes, bytes]:
    certificate, key = make_certificate(name, names=("localhost",)).written(folder, name)
    return certificate.read_bytes(), key.read_bytes()


def put(folder: Path, *, certificate: tuple[bytes, bytes], key: tuple[bytes, bytes]) -> None:
    (folder / "c.pem").write_bytes(certificate[0])
    (folder / "k.pem").touch(mode=0o600)
    (folder / "k.pem").write_bytes(key[1])


async def test_limits_that_count_from_the_next_start_are_told(held: HeldState) -> None:
    async with opened(held, TCP) as it:
        done = await it.reload("[limits]\naudit_queue = 1000\nconnections = 5\n" + TCP)
        assert done.endswith("; from the next start: audit_queue\n")
        done = await it.reload("[limits]\nconnections = 5\n" + TCP)
        assert "next start" not in done


async def test_more_places_than_at_the_start_are_really_there(held: HeldState) -> None:
    hold = '[commands.hold]\nrun = ["sh", "-c", "echo on; exec sleep 60"]\nroles = ["guest"]\n'
    async with opened(held, "[limits]\nruns = 1\nruns_of_builtins = 1\n" + TCP + hold) as it:
        await it.reload("[limits]\nruns = 4\nruns_of_builtins = 1\n" + TCP + hold)
        writers = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection(*it.address("tcp"))
            writer.write(b"hold\n")
            assert await asyncio.wait_for(reader.readuntil(b"on\n"), BOUND_SECONDS)
            writers.append(writer)
        for writer in writers:
            writer.close()
