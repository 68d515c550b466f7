"""One try to deliver a message, against a server that does what it is told."""

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients.smtp import SmtpMailer
from doorward.core.errors import ConnectError
from doorward.core.mail import Delivered, Delivery, Mail
from doorward.core.mail_settings import MailSettings, MailTls
from tests.clients.smtp.servers import DROP, HANG, FaultServer, fault_server

ALICE, BOB = "alice@example.org", "bob@example.org"

MAIL = Mail(
    sender="bounces@example.org",
    recipients=(ALICE, BOB),
    message_id="<1234@example.org>",
    content=b"Message-ID: <1234@example.org>\r\n\r\nhello\r\n.\r\n..two\r\n",
)

SOON = 0.5
"""Seconds until a server that says nothing is given up."""


async def deliver(settings: MailSettings, mail: Mail = MAIL) -> dict[str, Delivered]:
    mailer = SmtpMailer(lambda: settings, host_name="client.example.org")
    return dict(await mailer.deliver(mail, mail.recipients))


async def refusal(settings: MailSettings) -> ConnectError:
    with pytest.raises(ConnectError) as raised:
        await deliver(settings)
    return raised.value


def kinds(delivered: dict[str, Delivered]) -> dict[str, Delivery]:
    return {address: each.delivery for address, each in delivered.items()}


async def test_a_message_goes_over_with_its_envelope_and_its_dots() -> None:
    async with fault_server() as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), Delivery.ACCEPTED)
    assert delivered[ALICE].answer == "250 taken"
    assert server.heard == [
        "EHLO client.example.org",
        f"MAIL FROM:<bounces@example.org> SIZE={len(MAIL.content)}",
        f"RCPT TO:<{ALICE}>",
        f"RCPT TO:<{BOB}>",
        "DATA",
        "QUIT",
    ]
    assert server.messages == [MAIL.content.replace(b"\n.", b"\n..") + b".\r\n"]


async def test_the_null_sender_is_empty_angle_brackets() -> None:
    async with fault_server() as server:
        await deliver(server.settings(), replace(MAIL, sender=""))
    assert f"MAIL FROM:<> SIZE={len(MAIL.content)}" in server.heard


async def test_a_large_message_arrives_whole() -> None:
    content = b"Subject: large\r\n\r\n" + b"." * 70 + b"\r\n" * 3 + b"x" * 70 + b"\r\n" + b".y\r\n" * 200_000
    async with fault_server() as server:
        delivered = await deliver(server.settings(), replace(MAIL, content=content))
    assert kinds(delivered)[ALICE] is Delivery.ACCEPTED
    assert server.messages == [content.replace(b"\n.", b"\n..") + b".\r\n"]


@pytest.mark.parametrize(
    ("answer", "delivery"),
    [
        ("550 5.1.1 no such user", Delivery.REFUSED),
        ("450 4.2.1 mailbox busy", Delivery.LATER),
        ("552 too many recipients", Delivery.LATER),
        ("530 5.7.0 log in first", Delivery.LATER),
        ("534 5.7.9 a better way of it", Delivery.LATER),
        ("538 5.7.11 encrypt first", Delivery.LATER),
    ],
)
async def test_one_recipient_that_is_refused_does_not_keep_the_other(answer: str, delivery: Delivery) -> None:
    async with fault_server({f"RCPT TO:<{BOB}>": answer}) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == {ALICE: Delivery.ACCEPTED, BOB: delivery}
    assert delivered[BOB].answer == answer
    assert len(server.messages) == 1


async def test_nothing_is_sent_when_nobody_is_left() -> None:
    async with fault_server({"RCPT": "550 no"}) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), Delivery.REFUSED)
    assert "DATA" not in server.heard


@pytest.mark.parametrize(
    ("answers", "delivery"),
    [
        ({"MAIL": "550 5.7.1 not from you"}, Delivery.REFUSED),
        ({"MAIL": "452 4.3.1 no room"}, Delivery.LATER),
        ({"DATA": "554 no"}, Delivery.REFUSED),
        ({"DATA": "451 later"}, Delivery.LATER),
        ({"END": "554 5.6.0 spam"}, Delivery.REFUSED),
        ({"END": "451 4.3.0 later"}, Delivery.LATER),
        ({"RCPT": DROP}, Delivery.LATER),
        ({"RCPT": "421 shutting down"}, Delivery.LATER),
        ({"DATA": DROP}, Delivery.LATER),
        ({"DATA": "200 what?"}, Delivery.LATER),
        ({"RCPT": "what?"}, Delivery.LATER),
    ],
)
async def test_what_a_server_says_to_the_message_counts_for_all(
    answers: dict[str, str], delivery: Delivery
) -> None:
    async with fault_server(answers) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), delivery)


async def test_a_connection_lost_after_the_message_leaves_it_unknown() -> None:
    async with fault_server({"END": DROP}) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), Delivery.LATER)
    assert "nobody knows whether it arrived" in delivered[ALICE].answer
    assert len(server.messages) == 1


async def test_a_server_that_hangs_after_the_message_is_given_up_in_time() -> None:
    async with fault_server({"END": HANG}) as server:
        delivered = await deliver(server.settings(timeout_seconds=0.2))
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), Delivery.LATER)
    assert "nobody knows whether it arrived" in delivered[ALICE].answer


async def test_a_message_that_is_too_large_for_the_server_is_not_sent() -> None:
    async with fault_server({"EHLO": "250-fault.example\r\n250 SIZE 20"}) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered) == dict.fromkeys((ALICE, BOB), Delivery.REFUSED)
    assert delivered[ALICE].answer == f"the message has {len(MAIL.content)} bytes, and the server takes 20"
    assert server.messages == []


async def test_a_recipient_that_is_not_ascii_is_refused_alone() -> None:
    async with fault_server() as server:
        delivered = await deliver(server.settings(), replace(MAIL, recipients=("jörg@example.org", ALICE)))
    assert kinds(delivered) == {"jörg@example.org": Delivery.REFUSED, ALICE: Delivery.ACCEPTED}


async def test_an_old_server_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    async with fault_server({"EHLO": "502 what?"}) as server:
        delivered = await deliver(server.settings())
    assert kinds(delivered)[ALICE] is Delivery.ACCEPTED
    assert server.heard[:3] == [
        "EHLO client.example.org",
        "HELO client.example.org",
        "MAIL FROM:<bounces@example.org>",
    ]


@pytest.mark.parametrize(
    ("answers", "phase", "said"),
    [
        ({"CONNECT": "554 go away"}, "connect", "554 go away"),
        ({"CONNECT": DROP}, "connect", "the server closed the connection"),
        ({"CONNECT": HANG}, "connect", f"no answer within {SOON:g} s"),
        ({"CONNECT": "SSH-2.0-OpenSSH_9.2"}, "connect", "Malformed SMTP response line: SSH-2.0-OpenSSH_9.2"),
        ({"EHLO": HANG}, "connect", f"no answer within {SOON:g} s"),
        ({"EHLO": "421 too busy"}, "connect", "421 too busy"),
        ({"MAIL": DROP}, "send", "the server closed the connection"),
        ({"MAIL": "421 good night"}, "send", "421 good night"),
        ({"MAIL": "530 5.7.0 log in first"}, "login", "530 5.7.0 log in first"),
        ({"RCPT": "530 5.7.0 log in first"}, "login", "530 5.7.0 log in first"),
    ],
)
async def test_a_server_that_takes_no_message_at_all_is_told_as_such(
    answers: dict[str, str], phase: str, said: str
) -> None:
    async with fault_server(answers) as server:
        error = await refusal(server.settings(timeout_seconds=SOON))
    assert (error.phase, error.problem) == (phase, said)
    assert str(error).startswith(f"127.0.0.1:{server.port}: {phase}: ")


async def test_a_server_that_is_down_is_told_with_what_to_do() -> None:
    server = FaultServer()
    await server.start()
    await server.stop()
    error = await refusal(server.settings())
    assert str(error) == (
        f"127.0.0.1:{server.port}: connect: nobody listens there. "
        "Is the mail server running? `server` of [mail] says where."
    )


async def test_a_name_that_nobody_knows_is_told() -> None:
    error = await refusal(MailSettings(host="no-such-host.invalid", timeout_seconds=20))
    assert error.phase == "connect"
    assert error.problem


async def test_a_server_without_starttls_gets_nothing_when_it_is_wanted() -> None:
    async with fault_server() as server:
        error = await refusal(server.settings(tls=MailTls.STARTTLS))
    assert (error.phase, error.problem) == ("TLS", "the server offers no STARTTLS")
    assert server.heard == ["EHLO client.example.org", "QUIT"]


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("hunter2 \N{SNOWMAN}\n")
    file.chmod(0o600)
    return file


async def test_a_password_does_not_leave_this_machine_in_the_clear(
    password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorward.clients.smtp.session.is_this_machine", lambda _host: False)
    async with fault_server(AUTH) as server:
        error = await refusal(server.settings(user="alice", password_file=str(password_file)))
    assert (error.phase, error.problem) == ("login", "a password does not go over the network in the clear")
    assert server.heard == ["EHLO client.example.org", "QUIT"]


def write(file: Path, content: bytes, mode: int) -> None:
    file.write_bytes(content)
    file.chmod(mode)


AUTH = {"EHLO": "250-fault.example\r\n250 AUTH PLAIN"}


async def test_a_login_that_is_refused_shows_no_password(password_file: Path) -> None:
    echo = "535 5.7.8 wrong: hunter2 \N{SNOWMAN}, aHVudGVyMiDimIM="
    async with fault_server({**AUTH, "AUTH": echo}) as server:
        error = await refusal(server.settings(user="alice", password_file=str(password_file)))
    assert str(error) == (
        f"127.0.0.1:{server.port}: login: 535 5.7.8 wrong: \u2022\u2022\u2022\u2022, "
        "\u2022\u2022\u2022\u2022. Look at `user` and `password_file` of [mail]."
    )


@pytest.mark.parametrize(
    "sent", ["\0alice\0hunter2 \N{SNOWMAN}", "alice\0alice\0hunter2 \N{SNOWMAN}", "\0alice\0hunter2"]
)
async def test_a_server_that_repeats_the_whole_login_shows_no_password(
    password_file: Path, sent: str
) -> None:
    repeated = base64.b64encode(sent.encode()).decode()
    async with fault_server({**AUTH, "AUTH": f"535 5.7.8 AUTH PLAIN {repeated} is wrong"}) as server:
        error = await refusal(server.settings(user="alice", password_file=str(password_file)))
    assert error.problem == "535 5.7.8 AUTH PLAIN \u2022\u2022\u2022\u2022 is wrong"


async def test_a_login_goes_before_the_message(password_file: Path) -> None:
    async with fault_server({**AUTH, "AUTH": "235 welcome"}) as server:
        delivered = await deliver(server.settings(user="alice", password_file=str(password_file)))
    assert kinds(delivered)[ALICE] is Delivery.ACCEPTED
    assert [line.split()[0] for line in server.heard[:3]] == ["EHLO", "AUTH", "MAIL"]


@pytest.mark.parametrize(
    ("mode", "content", "said"),
    [
        (0o604, b"hunter2\n", "holds a password and others may read it. Type: chmod 600 {file}"),
        (0o600, b"\n", "is no password"),
        (0o600, b"\xff\xfe\n", "is no password"),
    ],
)
async def test_a_password_that_cannot_be_used_is_told_and_not_sent(
    password_file: Path, mode: int, content: bytes, said: str
) -> None:
    await asyncio.to_thread(write, password_file, content, mode)
    async with fault_server(AUTH) as server:
        error = await refusal(server.settings(user="alice", password_file=str(password_file)))
    assert error.phase == "login"
    assert said.format(file=password_file) in str(error)
    assert "hunter2" not in str(error)
    assert server.heard == ["EHLO client.example.org", "QUIT"]


async def test_a_password_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with fault_server(AUTH) as server:
        error = await refusal(server.settings(user="alice", password_file=str(tmp_path / "none")))
    assert error.problem == f"{tmp_path / 'none'}: it cannot be read: No such file or directory"
