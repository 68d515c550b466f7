"""What the table `[mail]` comes to."""

from pathlib import Path

import pytest

from doorward.config import Machine, load_settings
from doorward.core.mail_settings import MailSettings, MailTls
from doorward.core.mailboxes import Mailbox
from tests.config.conftest import WriteConfiguration


def mail_of(write_configuration: WriteConfiguration, table: str) -> MailSettings:
    return load_settings(write_configuration(f"[mail]\n{table}\n")).mail


def test_without_a_table_mail_goes_to_this_machine_in_its_own_name() -> None:
    mail = load_settings(None).mail
    assert (mail.server, mail.tls, mail.to) == ("127.0.0.1:25", MailTls.NONE, ())
    assert mail.sender == Mailbox(mail.bounces_to, "Doorward")
    assert mail.bounces_to.startswith("doorward@")


@pytest.mark.parametrize(
    ("table", "server", "tls"),
    [
        ('server = "localhost"', "localhost:25", MailTls.NONE),
        ('server = "[::1]:2525"', "[::1]:2525", MailTls.NONE),
        ('server = "127.0.0.1:465"', "127.0.0.1:465", MailTls.IMPLICIT),
        ('server = "mail.example.org"', "mail.example.org:587", MailTls.STARTTLS),
        ('server = "mail.example.org:465"', "mail.example.org:465", MailTls.IMPLICIT),
        ('server = "mail.example.org:25"', "mail.example.org:25", MailTls.STARTTLS),
        ('server = "mail.example.org"\ntls = "implicit"', "mail.example.org:465", MailTls.IMPLICIT),
        ('server = "mail.example.org"\ntls = "none"', "mail.example.org:25", MailTls.NONE),
    ],
)
def test_port_and_tls_are_those_that_one_expects(
    write_configuration: WriteConfiguration, table: str, server: str, tls: MailTls
) -> None:
    mail = mail_of(write_configuration, table)
    assert (mail.server, mail.tls) == (server, tls)


def test_who_sends_in_the_clear_is_told_so(write_configuration: WriteConfiguration) -> None:
    file = write_configuration('[mail]\nserver = "mail.example.org"\ntls = "none"\n')
    assert load_settings(file).notices == ("mail.tls: mail goes over the network in the clear",)


def test_addresses_without_a_domain_are_of_the_senders(write_configuration: WriteConfiguration) -> None:
    table = (
        'from = "Ops <ops@example.org>"\nto = ["root", "Bob <bob@bücher.example>"]\nbounces_to = "bounces"'
    )
    mail = mail_of(write_configuration, table)
    assert mail.sender == Mailbox("ops@example.org", "Ops")
    assert mail.to == (Mailbox("root@example.org"), Mailbox("bob@xn--bcher-kva.example", "Bob"))
    assert mail.bounces_to == "bounces@example.org"


def test_failures_are_reported_to_the_sender_unless_it_says_to_whom(
    write_configuration: WriteConfiguration,
) -> None:
    assert mail_of(write_configuration, 'from = "ops@example.org"').bounces_to == "ops@example.org"
    assert mail_of(write_configuration, 'from = "ops@example.org"\nbounces_to = ""').bounces_to == ""


def test_files_are_seen_from_the_folder_of_the_configuration(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    table = 'user = "a"\npassword_file = "secret"\nca = "/etc/ca.pem"'
    mail = mail_of(write_configuration, table)
    assert (mail.password_file, mail.ca) == (str(tmp_path / "secret"), "/etc/ca.pem")


def test_a_machine_without_a_proper_name_is_localhost() -> None:
    class Nameless(Machine):
        @property
        def host_name(self) -> str:
            return "(none)"

    assert load_settings(None, machine=Nameless()).mail.bounces_to == "doorward@localhost"
