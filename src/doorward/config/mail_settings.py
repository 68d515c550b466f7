"""The table `[mail]`."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from doorward.config.machine import Machine
from doorward.config.report import Key, Report, found_in, one_of
from doorward.core.addresses import is_this_machine
from doorward.core.errors import MailError
from doorward.core.mail_settings import (
    ANSWER_SECONDS,
    PORT,
    SUBMISSION_PORT,
    SUBMISSIONS_PORT,
    MailSettings,
    MailTls,
)
from doorward.core.mailboxes import Mailbox, domain_of_host, parse_address, parse_mailbox

_KEY: Key = ("mail",)
_NAME = "Doorward"
_USER = "doorward"
_SERVER = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_PORTS = {MailTls.NONE: PORT, MailTls.STARTTLS: SUBMISSION_PORT, MailTls.IMPLICIT: SUBMISSIONS_PORT}
_LONGEST_SECONDS = 600.0
_USER_CHARACTERS = 256


def default_mail(machine: Machine) -> MailSettings:
    """Where mail goes when no configuration says: to the mail server of this machine."""
    ours = _ours(machine)
    return MailSettings(sender=ours, bounces_to=ours.address)


def read_mail(table: Mapping[str, Any], *, machine: Machine, report: Report) -> MailSettings:
    """The settings that the table says."""
    if not table:
        return default_mail(machine)
    from doorward.config.shapes import MailShape
    from doorward.config.ssh_settings import read_path
    from doorward.config.tables import read_table

    shape = read_table(table, MailShape, _KEY, report)
    ours = _ours(machine)
    sender = ours if shape.sender is None else _mailbox(shape.sender, ours, (*_KEY, "from"), report)
    bounces_to = sender.address
    if shape.bounces_to is not None:
        bounces_to = _address_or_none(shape.bounces_to, sender, (*_KEY, "bounces_to"), report)
    host, port, tls = _server(shape.server, shape.tls, report)
    settings = MailSettings(
        host=host,
        port=port,
        tls=tls,
        ca=read_path(shape.ca, (*_KEY, "ca"), report),
        user=shape.user or "",
        password_file=read_path(shape.password_file, (*_KEY, "password_file"), report),
        sender=sender,
        bounces_to=bounces_to,
        to=read_mailboxes(shape.to, (*_KEY, "to"), report, ours=sender),
        timeout_seconds=_seconds(shape.timeout_seconds, report),
    )
    _check_login(settings, report)
    if settings.tls is MailTls.NONE and not is_this_machine(settings.host):
        report.note((*_KEY, "tls"), "mail goes over the network in the clear")
    return settings


def _ours(machine: Machine) -> Mailbox:
    return Mailbox(f"{_USER}@{domain_of_host(machine.host_name)}", _NAME)


def _server(text: str | None, tls_word: str | None, report: Report) -> tuple[str, int, MailTls]:
    host, port = "127.0.0.1", None
    if text is not None:
        host, port = _host_and_port(text, report)
    tls = _tls(tls_word, report)
    if tls is None:
        # in the clear nothing leaves this machine unless somebody wrote so
        tls = MailTls.NONE if is_this_machine(host) else MailTls.STARTTLS
        tls = MailTls.IMPLICIT if port == SUBMISSIONS_PORT else tls
    return host, _PORTS[tls] if port is None else port, tls


def _host_and_port(text: str, report: Report) -> tuple[str, int | None]:
    match = _SERVER.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or not (port is None or 0 < port < 65_536) or not _is_host(match):
        report.add(
            (*_KEY, "server"),
            "this is no mail server",
            expected='"mail.example.org", "mail.example.org:587" or "[::1]:25"',
            found=found_in(text),
        )
        return "127.0.0.1", None
    return match["six"] or match["name"], port


def _is_host(match: re.Match[str]) -> bool:
    if match["six"] is None:
        return not match["name"].startswith((".", "-"))
    try:
        ipaddress.IPv6Address(match["six"])
    except ValueError:
        return False
    return True


def _tls(word: str | None, report: Report) -> MailTls | None:
    if word is None:
        return None
    try:
        return MailTls(word)
    except ValueError:
        expected = one_of(f'"{each.value}"' for each in MailTls)
        report.add((*_KEY, "tls"), "there is no such way", expected=expected, found=found_in(word))
        return None


def _check_login(settings: MailSettings, report: Report) -> None:
    user, file = settings.user, settings.password_file
    if bool(user) != bool(file):
        missing = "password_file" if user else "user"
        report.add(_KEY, "a login needs both `user` and `password_file`", expected=f"{missing} too")
    if not user.isprintable() or len(user) > _USER_CHARACTERS:
        report.add((*_KEY, "user"), "this is no name to log in with", expected="one line of text")
    if user and settings.tls is MailTls.NONE and not is_this_machine(settings.host):
        report.add(
            (*_KEY, "tls"),
            "a password does not go over the network in the clear",
            expected='"starttls" or "implicit"',
            found='"none"',
        )


def read_mailboxes(texts: str | list[str], key: Key, report: Report, *, ours: Mailbox) -> tuple[Mailbox, ...]:
    """The mailboxes that stand at `key`; with `ours` in the place of each that is wrong."""
    if isinstance(texts, str):
        return (_mailbox(texts, ours, key, report),)
    return tuple(_mailbox(text, ours, (*key, index), report) for index, text in enumerate(texts))


def _mailbox(text: str, ours: Mailbox, key: Key, report: Report) -> Mailbox:
    try:
        return parse_mailbox(text, domain=ours.domain)
    except MailError as error:
        report.add(key, str(error))
        return ours


def _address_or_none(text: str, ours: Mailbox, key: Key, report: Report) -> str:
    """Empty is the null sender."""
    if not text:
        return ""
    try:
        return parse_address(text, domain=ours.domain)
    except MailError as error:
        report.add(key, str(error))
        return ""


def _seconds(value: float | None, report: Report) -> float:
    if value is None:
        return ANSWER_SECONDS
    if not 0.1 <= value <= _LONGEST_SECONDS:
        report.add(
            (*_KEY, "timeout_seconds"),
            "this is out of range",
            expected=f"0.1 to {_LONGEST_SECONDS:g}",
            found=found_in(value),
        )
        return ANSWER_SECONDS
    return value
