"""Mailboxes: a name and an address, out of a text that anybody may have written."""

import re
from dataclasses import dataclass

from doorward.core.errors import MailError

ADDRESS_CHARACTERS = 254
"""RFC 3696, erratum 1690: a path of 256 octets has two angle brackets."""

LOCAL_PART_CHARACTERS = 64
"""RFC 5321 section 4.5.3.1.1."""

NAME_CHARACTERS = 128

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LITERAL = re.compile(r"\[(?:[0-9.]{7,15}|IPv6:[0-9A-Fa-f:.]{2,45})\]")
_WITH_NAME = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")

_ENCODED = "=?"
"""Whoever reads such a header decodes what follows, to another address. RFC 2047 section 5 forbids it."""

_COMMANDS = ("-", "|", "/")
"""What the programs behind a mail server may take for an option, a command or a file."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """
    Somebody who gets mail.

    Attributes:
        address: `alice@example.org`, ASCII, without angle brackets; never more than `ADDRESS_CHARACTERS`.
        name: for people; printable, on one line; may be empty.
    """

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the at sign."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def parse_mailbox(text: str, *, domain: str) -> Mailbox:
    """
    Read `alice@example.org`, `Alice <alice@example.org>` or, for `alice@` and our own domain, `alice`.

    Args:
        text: one mailbox. Quoted local parts, comments and groups are not taken.
        domain: of an address that has none.

    Raises:
        MailError: it is no mailbox, or one that needs SMTPUTF8.
    """
    match = _WITH_NAME.fullmatch(text.strip())
    if match is None:
        return Mailbox(parse_address(text.strip(), domain=domain))
    name = match["name"].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"')
    if not name.isprintable() or len(name) > NAME_CHARACTERS:
        raise MailError(f"the name in {_shown(text)} has a line end or is too long")
    return Mailbox(parse_address(match["address"].strip(), domain=domain), name)


def parse_address(text: str, *, domain: str) -> str:
    """
    Read an address; a domain that is not ASCII becomes what the DNS knows it by.

    Raises:
        MailError: it is none, or one that needs SMTPUTF8.
    """
    local_part, at, of_text = text.rpartition("@") if "@" in text else (text, "@", domain)
    if not local_part.isascii():
        raise MailError(
            f"the address {_shown(text)} is not ASCII before the at sign, which needs SMTPUTF8; "
            "ask for another address of theirs"
        )
    ascii_domain = of_text if of_text.isascii() else _in_ascii(of_text, text)
    address = f"{local_part}{at}{ascii_domain}"
    if not (
        _LOCAL_PART.fullmatch(local_part)
        and len(local_part) <= LOCAL_PART_CHARACTERS
        and _ENCODED not in local_part
        and (_DOMAIN.fullmatch(ascii_domain) or _LITERAL.fullmatch(ascii_domain))
        and len(address) <= ADDRESS_CHARACTERS
    ):
        raise MailError(f"{_shown(text)} is no mail address; expected alice@example.org")
    if local_part.startswith(_COMMANDS):
        raise MailError(
            f"the address {_shown(text)} begins with {local_part[0]!r}, which the programs behind a mail "
            "server may take for an option, a command or a file"
        )
    return address


def domain_of_host(name: str) -> str:
    """What stands behind the at sign of addresses of the machine `name`; `localhost` if that is no domain."""
    return name if _DOMAIN.fullmatch(name) else "localhost"


def _in_ascii(domain: str, text: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise MailError(f"the domain of {_shown(text)} is none") from error


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else f"{text[:80]}...")
