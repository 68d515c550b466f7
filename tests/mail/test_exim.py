"""Mail by way of Exim, which wants a login over TLS."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.core.errors import ConnectError
from doorward.core.mail import Delivery
from doorward.core.mail_settings import MailSettings, MailTls
from tests.certificates import Authority
from tests.mail.exim import MESSAGE_BYTES, PASSWORD, USER, Exim, running_exim
from tests.mail.mailboxes import senders_in
from tests.mail.messages import ALICE, NOBODY, deliver, mail

pytestmark = [
    pytest.mark.needs_program("exim4", package="exim4-daemon-light"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start Exim"),
]


@pytest.fixture(scope="module")
def exim(root: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exim]:
    with running_exim(root.issue(tmp_path_factory.mktemp("exim"), "localhost")) as running:
        yield running


@pytest.fixture
def settings(exim: Exim, root: Authority, tmp_path: Path) -> MailSettings:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return MailSettings(
        host="localhost",
        port=exim.port,
        tls=MailTls.STARTTLS,
        ca=str(root.file),
        user=USER,
        password_file=str(file),
    )


@pytest.mark.parametrize(("port", "tls"), [("port", MailTls.STARTTLS), ("tls_port", MailTls.IMPLICIT)])
def test_a_login_over_tls_goes_to_another_machine_too(
    exim: Exim, settings: MailSettings, monkeypatch: pytest.MonkeyPatch, port: str, tls: MailTls
) -> None:
    monkeypatch.setattr("doorward.clients.smtp.session.is_this_machine", lambda _host: False)
    away = replace(settings, port=getattr(exim, port), tls=tls)
    assert deliver(away, mail(f"away-{port}"))[ALICE].delivery is Delivery.ACCEPTED


def test_a_login_over_starttls_delivers(exim: Exim, settings: MailSettings) -> None:
    message = mail("login")
    assert deliver(settings, message)[ALICE].delivery is Delivery.ACCEPTED
    text = exim.mailboxes.await_message("alice", message.message_id)
    assert "bounces@ops.example.org" in senders_in(text)
    assert "with esmtpsa " in text


@pytest.mark.parametrize(("port", "tls"), [("port", MailTls.STARTTLS), ("tls_port", MailTls.IMPLICIT)])
def test_the_loop_of_the_command_line_does_as_well_and_nothing_is_left_on_it(
    exim: Exim,
    settings: MailSettings,
    caplog: pytest.LogCaptureFixture,
    port: str,
    tls: MailTls,
) -> None:
    chosen = replace(settings, port=getattr(exim, port), tls=tls)
    delivered = deliver(chosen, mail(f"asyncio-{port}"), loop=asyncio.new_event_loop)
    assert delivered[ALICE].delivery is Delivery.ACCEPTED
    assert caplog.text == ""


def test_tls_from_the_first_byte_delivers(exim: Exim, settings: MailSettings) -> None:
    message = mail("implicit")
    implicit = replace(settings, port=exim.tls_port, tls=MailTls.IMPLICIT)
    assert deliver(implicit, message)[ALICE].delivery is Delivery.ACCEPTED
    assert exim.mailboxes.await_message("alice", message.message_id)


def test_a_wrong_password_delivers_nothing_and_is_told_without_it(settings: MailSettings) -> None:
    Path(settings.password_file).write_text("hunter3\n")
    with pytest.raises(ConnectError) as raised:
        deliver(settings, mail("wrong"))
    assert str(raised.value) == (
        f"localhost:{settings.port}: login: 535 Incorrect authentication data. "
        "Look at `user` and `password_file` of [mail]."
    )


def test_who_does_not_log_in_is_refused_by_name(settings: MailSettings) -> None:
    delivered = deliver(replace(settings, user="", password_file=""), mail("nobody"))
    assert delivered[ALICE].delivery is Delivery.REFUSED
    assert delivered[ALICE].answer == "550 log in first"


def test_a_server_that_offers_no_login_is_told(settings: MailSettings) -> None:
    clear = replace(settings, tls=MailTls.NONE)
    with pytest.raises(ConnectError) as raised:
        deliver(clear, mail("clear"))
    assert raised.value.phase == "login"
    assert "AUTH" in raised.value.problem


def test_one_recipient_of_two_is_refused_and_the_other_gets_it(exim: Exim, settings: MailSettings) -> None:
    message = mail("partial", NOBODY, ALICE)
    delivered = deliver(settings, message)
    assert [delivered[NOBODY].delivery, delivered[ALICE].delivery] == [Delivery.REFUSED, Delivery.ACCEPTED]
    assert delivered[NOBODY].answer == "550 no such user"
    assert exim.mailboxes.await_message("alice", message.message_id)


def test_a_message_above_the_servers_size_is_refused_before_it_is_sent(settings: MailSettings) -> None:
    large = replace(mail("large"), content=b"Subject: large\r\n\r\n" + b"x" * MESSAGE_BYTES + b"\r\n")
    delivered = deliver(settings, large)
    assert delivered[ALICE].delivery is Delivery.REFUSED
    assert delivered[ALICE].answer.endswith(f"the server takes {MESSAGE_BYTES}")


@pytest.mark.parametrize(("port", "tls"), [("tls_port", MailTls.STARTTLS), ("port", MailTls.IMPLICIT)])
def test_the_wrong_kind_of_tls_is_told_with_the_right_one(
    exim: Exim, settings: MailSettings, port: str, tls: MailTls
) -> None:
    wrong = replace(settings, port=getattr(exim, port), tls=tls, timeout_seconds=3.0)
    with pytest.raises(ConnectError) as raised:
        deliver(wrong, mail("kind"))
    assert f'tls = "{MailTls.STARTTLS.value if tls is MailTls.IMPLICIT else MailTls.IMPLICIT.value}"' in str(
        raised.value
    )
