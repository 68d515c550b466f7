"""Conversations with Postfix, Dovecot, vsftpd and nginx: plain, with STARTTLS, and over TLS at once."""

import asyncio
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from pathlib import Path

import pytest

import doorward
from doorward.cli.talk import EXAMPLES
from doorward.clients.ftp.settings import Security
from doorward.core.errors import ConnectError
from tests.certificates import Authority
from tests.clients.ftp.servers import RealServer, needs_vsftpd, vsftpd_running
from tests.daemon import Shell
from tests.fetch_servers import Site
from tests.mail.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.mail.postfix import Postfix, running_postfix

PATIENT = 50.0

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start these servers")
needs_postfix = pytest.mark.needs_program("postfix", package="postfix")
needs_dovecot = pytest.mark.needs_program("dovecot", package="dovecot-imapd dovecot-pop3d")
needs_nginx = pytest.mark.needs_program("nginx", package="nginx-light")

MESSAGE = "From: me\r\nMessage-ID: <talk@ops.example.org>\r\n\r\nhello\r\n.\r\n"


@pytest.fixture(scope="module")
def postfix(root: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    with running_postfix(root.issue(tmp_path_factory.mktemp("postfix"), "localhost")) as running:
        yield running


@pytest.fixture(scope="module")
def dovecot(root: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    certificate = root.issue(tmp_path_factory.mktemp("dovecot"), "localhost")
    with running_dovecot(certificate, root.file) as running:
        yield running


@pytest.fixture(scope="module")
def vsftpd() -> Iterator[RealServer]:
    with vsftpd_running(Security.EXPLICIT) as running:
        yield running


def encrypted(
    port: int, way: str, protocol: str, authority: Path
) -> AbstractAsyncContextManager[doorward.TalkSession]:
    """A conversation with `localhost`, over TLS from the start or by the command of its protocol."""
    is_tls = way == "tls"
    return doorward.talk(
        f"localhost:{port}",
        tls=is_tls,
        starttls="" if is_tls else protocol,
        ca=authority,
        seconds=PATIENT,
    )


@needs_postfix
@needs_root
async def test_postfix_takes_a_message_after_starttls(postfix: Postfix, root: Authority) -> None:
    talking = doorward.talk(f"localhost:{postfix.port}", starttls="smtp", ca=root.file, seconds=PATIENT)
    async with talking as talk:
        assert talk.tls is not None
        await talk.send_line("EHLO me.example.org")
        assert "250-SIZE" in (await talk.expect("^250 .*\n")).before
        for line, answer in (
            ("MAIL FROM:<me@ops.example.org>", "^250 "),
            ("RCPT TO:<alice@example.org>", "^250 "),
            ("DATA", "^354 "),
        ):
            await talk.send_line(line)
            assert (await talk.expect(answer, "^[45]")).index == 0
        await talk.send(MESSAGE)
        assert "queued as" in (await talk.expect("^250 .*\n")).text
        await talk.send_line("QUIT")
        assert "221 2.0.0 Bye" in await talk.expect_end()
    await asyncio.to_thread(postfix.mailboxes.await_message, "alice", "<talk@ops.example.org>")


@needs_postfix
@needs_root
async def test_postfix_is_talked_to_in_plain_text_and_refuses(postfix: Postfix) -> None:
    async with doorward.talk(f"127.0.0.1:{postfix.port}", seconds=PATIENT) as talk:
        assert (await talk.expect("^220 .*$")).text == "220 postfix.example ESMTP Postfix"
        await talk.send_line("HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>")
        matched = await talk.expect("^250 .*Ok.*\n554 5.7.1 .*Relay access denied$")
        assert matched.before == "\n250 postfix.example\n"


@needs_dovecot
@needs_root
@pytest.mark.parametrize("way", ["starttls", "tls"])
async def test_dovecot_shows_the_inbox_over_imap(dovecot: Dovecot, way: str) -> None:
    port = dovecot.imaps if way == "tls" else dovecot.imap
    async with encrypted(port, way, "imap", dovecot.authority) as talk:
        await talk.send_line(f"a2 LOGIN alice {PASSWORD}")
        assert (await talk.expect("^a2 OK", "^a2 ")).index == 0
        await talk.send_line("a3 SELECT INBOX")
        found = await talk.expect(r"^\* (\d+) EXISTS$")
        assert found.groups == ("0",)
        await talk.expect("^a3 OK")
        await talk.send_line("a4 LOGOUT")
        assert "* BYE" in await talk.expect_end()


@needs_dovecot
@needs_root
@pytest.mark.parametrize("plus", ["", "+"])
async def test_a_password_in_a_literal_logs_in_at_dovecot_and_stands_in_no_transcript(
    dovecot: Dovecot, plus: str
) -> None:
    lines: list[str] = []
    address = f"localhost:{dovecot.imaps}"
    talking = doorward.talk(address, tls=True, ca=dovecot.authority, seconds=PATIENT, transcript=lines.append)
    async with talking as talk:
        await talk.expect(r"^\* OK .*\n")
        await talk.send_line(f"a1 LOGIN alice {{{len(PASSWORD)}{plus}}}")
        if not plus:
            await talk.expect(r"^\+ ")
        await talk.send_line(PASSWORD)
        assert (await talk.expect("^a1 OK", "^a1 ")).index == 0
    text = "".join(lines)
    assert PASSWORD not in text
    assert "> ••••" in text


@needs_dovecot
@needs_root
@pytest.mark.parametrize("way", ["starttls", "tls"])
async def test_dovecot_tells_a_wrong_password_over_pop3(dovecot: Dovecot, way: str) -> None:
    port = dovecot.pop3s if way == "tls" else dovecot.pop3
    async with encrypted(port, way, "pop3", dovecot.authority) as talk:
        await talk.send_line("USER alice")
        await talk.expect(r"^\+OK\n")
        await talk.send_secret("wrong")
        assert (await talk.expect(r"^\+OK", "^-ERR .*")).index == 1


@needs_vsftpd
@needs_root
async def test_vsftpd_lets_a_guest_in_after_auth_tls(vsftpd: RealServer) -> None:
    server = vsftpd.server
    talking = doorward.talk(
        f"{server.host}:{server.port}", starttls="ftp", ca=server.trust.authorities, seconds=PATIENT
    )
    async with talking as talk:
        for line, answer in (("USER anonymous", "^331 "), ("PASS x", "^230 ")):
            await talk.send_line(line)
            assert (await talk.expect(answer, "^[45]")).index == 0
        await talk.send_line("PWD")
        assert (await talk.expect('^257 "(.*)"')).groups == ("/",)
        await talk.send_line("QUIT")
        assert (await talk.expect("^221 ")).index == 0
        # it closes without a word of TLS
        assert await talk.expect_end(may_be_cut=True) == "Goodbye.\n"
        assert talk.was_cut


@needs_nginx
@pytest.mark.parametrize("way", ["plain", "tls"])
async def test_nginx_answers_a_request_and_closes(nginx: Site, way: str) -> None:
    is_tls = way == "tls"
    address = (nginx.tls if is_tls else nginx.plain).partition("://")[2]
    talking = doorward.talk(address, tls=is_tls, ca=nginx.authority if is_tls else None, seconds=PATIENT)
    async with talking as talk:
        await talk.send("GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = await talk.expect(r"^HTTP/1\.1 (\d+)[^\0]*?\n\n")
        assert head.groups == ("200",)
        assert await talk.expect_end() == "hello there\n" * 50


@needs_postfix
@needs_dovecot
@needs_nginx
@needs_root
@pytest.mark.parametrize("example", [each for each in EXAMPLES if " --" in each and "router" not in each])
def test_the_examples_of_the_help_do_what_they_say(
    shell: Shell, postfix: Postfix, dovecot: Dovecot, nginx: Site, example: str
) -> None:
    (shell.folder / "password").write_text(f"{PASSWORD}\n")
    (shell.folder / "password").chmod(0o600)
    typed = example.replace("'USER me'", "'USER alice'").replace("--tls", f"--tls --ca {dovecot.authority}")
    typed = typed.replace("--starttls smtp", f"--starttls smtp --ca {dovecot.authority}")
    for shown, there in (
        ("doorward", shlex.join(shell.words())),
        ("mail.example.org:25", f"localhost:{postfix.port}"),
        ("mail.example.org:993", f"localhost:{dovecot.imaps}"),
        ("pop.example.org:995", f"localhost:{dovecot.pop3s}"),
        ("www.example.org:443", nginx.tls.removeprefix("https://")),
    ):
        typed = typed.replace(shown, there)
    done = subprocess.run(
        ["sh", "-c", typed],
        check=False,
        capture_output=True,
        cwd=shell.folder,
        env=dict(shell.environment),
        stdin=subprocess.DEVNULL,
        timeout=PATIENT,
    )
    assert done.returncode == 0, done
    assert done.stdout


@needs_postfix
@needs_root
@pytest.mark.parametrize("starttls", ["imap", "pop3", "ftp"])
async def test_the_command_of_another_protocol_is_told_as_such(postfix: Postfix, starttls: str) -> None:
    with pytest.raises(ConnectError, match=r"TLS: the server answered.* Does this protocol have another"):
        async with doorward.talk(f"localhost:{postfix.port}", starttls=starttls, seconds=PATIENT):
            pass


@needs_postfix
@needs_root
async def test_nobody_is_talked_to_who_is_not_trusted(postfix: Postfix, root: Authority) -> None:
    address, by_address = f"localhost:{postfix.port}", f"127.0.0.1:{postfix.port}"
    with pytest.raises(ConnectError, match=r"none of the authorities of this system.*--fingerprint SHA256:"):
        async with doorward.talk(address, starttls="smtp", seconds=PATIENT):
            pass
    with pytest.raises(ConnectError, match="for another name"):
        async with doorward.talk(by_address, starttls="smtp", ca=root.file, seconds=PATIENT):
            pass
    with pytest.raises(ConnectError, match="another fingerprint"):
        async with doorward.talk(address, starttls="smtp", fingerprint="ab" * 32, seconds=PATIENT):
            pass
    named = doorward.talk(by_address, starttls="smtp", ca=root.file, server_name="localhost", seconds=PATIENT)
    async with named as talk:
        assert talk.certificate is not None
        fingerprint = f"SHA256:{sha256(talk.certificate).hexdigest()}"
    async with doorward.talk(by_address, starttls="smtp", fingerprint=fingerprint, seconds=PATIENT) as talk:
        await talk.send_line("QUIT")
        await talk.expect("^221 ")
