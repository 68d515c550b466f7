"""
A message out of what is to be said: header and body as RFC 5322 has them, and its envelope.

Whatever stands in the words, it adds no header and ends none: they are checked or made one line here, and
encoded by the standard library. That one decodes what looks encoded already, and writes out as it is what
comes of it; so nothing may look encoded, and what it wrote is looked at before it goes anywhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from doorward.core.errors import MailError
from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox

SUBJECT_CHARACTERS = 200

_TOKEN = re.compile(r"[A-Za-z0-9._-]{16,64}")
_NOT_OF_LIST_ID = re.compile(r"[^A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_OF_TYPE = re.compile(r"[^a-z0-9.+-]")
_FILE_NAME_CHARACTERS = 150
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+)*")
_WORD_CHARACTERS = 75
"""Of an encoded word at most: RFC 2047 section 2."""

_FIELD = re.compile(rb"([!-9;-~]+):[\t -~]*\r\n(?:[\t ][\t -~]*\r\n)*")

# everything in ASCII: nobody on the way needs 8BITMIME then
_POLICY = SMTP.clone(cte_type="7bit", utf8=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """
    A file that goes with a message.

    Attributes:
        name: what it is called there; folders before it are left out.
        content: all of it.
        media_type: `text/csv`; what is none counts as `application/octet-stream`.
    """

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    What is to be said, and to whom.

    Attributes:
        subject: may be anything; it becomes one line of at most `SUBJECT_CHARACTERS`.
        text: of any length; line ends as they come.
        html: the same for those who would rather have it so; None for no such part.
        attachments: in their order.
        to: who gets it; with none, who the settings say.
        sender: in the header's From; None for the one of the settings.
        list_id: what kind of message it is, `feed.nvd`, for the filters of who gets it; empty for none.
    """

    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    to: tuple[Mailbox, ...] = ()
    sender: Mailbox | None = None
    list_id: str = ""


def compose(draft: Draft, settings: MailSettings, *, wall_seconds: float, token: str) -> Mail:
    """
    Make the message. What it takes grows with the attachments: a large one is made in a thread.

    Args:
        draft: what to say.
        settings: whose message it is.
        wall_seconds: the time, for Date.
        token: unguessable, 16 to 64 letters, digits, dots and dashes; no two messages have the same.

    Raises:
        MailError: it has no recipient, or something in it would add a header.

    Source: RFC 5322; RFC 3834 section 5 (Auto-Submitted), RFC 2919 (List-Id).
    """
    if _TOKEN.fullmatch(token) is None:
        raise ValueError("a token has 16 to 64 letters, digits, dots and dashes")
    to = recipients_of(draft.to, settings)
    sender = draft.sender or settings.sender
    message = EmailMessage(policy=_POLICY)
    message_id = f"<{token}@{settings.sender.domain}>"
    message["Subject"] = one_subject(draft.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(int(wall_seconds), UTC))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if draft.list_id:
        message["List-Id"] = f"<{list_id(draft.list_id, settings.sender.domain)}>"
    _set_text(message, draft.text)
    if draft.html is not None:
        message.add_alternative(_well_formed(draft.html), subtype="html", cte="quoted-printable")
    for attachment in draft.attachments:
        _attach(message, attachment)
    content = _addressed("From", [sender]) + _addressed("To", to) + message.as_bytes()
    _check_headers(message, content)
    return Mail(
        sender=settings.bounces_to,
        recipients=tuple(dict.fromkeys(mailbox.address for mailbox in to)),
        message_id=message_id,
        content=content,
    )


def recipients_of(to: tuple[Mailbox, ...], settings: MailSettings) -> tuple[Mailbox, ...]:
    """
    Those who get a message to `to`.

    Raises:
        MailError: there are none.
    """
    if found := to or settings.to:
        return found
    raise MailError("there is nobody to send this to; name somebody, or set `to` in the table [mail]")


def one_subject(text: str) -> str:
    """`text` on one line, blanks for line ends, U+FFFD for what cannot be shown, an ellipsis for the rest."""
    line = " ".join(text[: SUBJECT_CHARACTERS * 4].split())
    shown = "".join(character if character.isprintable() else "\ufffd" for character in line)
    shown = _not_encoded(shown)
    if len(shown) <= SUBJECT_CHARACTERS:
        return shown
    return shown[: SUBJECT_CHARACTERS - 1].rstrip() + "\u2026"


def list_id(kind: str, domain: str) -> str:
    """`feed.nvd.example.org`, without what a List-Id cannot hold; at most 255 characters."""
    parts = [_NOT_OF_LIST_ID.sub("-", part).strip("-")[:60] for part in kind.split(".")[:8]]
    labels = [part for part in parts if part] or ["mail"]
    return f"{'.'.join(labels)}.{domain}"[-255:].lstrip(".")


def _addressed(header: str, mailboxes: Sequence[Mailbox]) -> bytes:
    """
    The whole field, each mailbox on lines of its own.

    The standard library takes quotes from names, and commas from between mailboxes, where it breaks lines.
    """
    listed = ",\r\n ".join(map(_address, mailboxes))
    return f"{header}: {listed}\r\n".encode()


def _address(mailbox: Mailbox) -> str:
    name = _not_encoded(_well_formed(mailbox.name))
    if not name:
        return mailbox.address
    if _PLAIN_NAME.fullmatch(name):
        return f"{name} <{mailbox.address}>"
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{mailbox.address}>'
    words = Header(name, "utf-8", maxlinelen=_WORD_CHARACTERS).encode(linesep="\r\n")
    return f"{words}\r\n <{mailbox.address}>"


def _set_text(message: EmailMessage, text: str) -> None:
    text = _well_formed(text)
    # NUL and its like may stand in no message: RFC 5322 section 2.2 and RFC 2045 section 2.7
    if _CONTROL.search(text):
        message.set_content(text, cte="quoted-printable")
    else:
        message.set_content(text)


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    kind, _, subtype = attachment.media_type.lower().partition("/")
    # a part of this kind would be read as a message, or have to be left as it is
    if not kind or not subtype or kind in {"message", "multipart"} or _NOT_OF_TYPE.search(kind + subtype):
        kind, subtype = "application", "octet-stream"
    message.add_attachment(
        attachment.content, maintype=kind, subtype=subtype, filename=_file_name(attachment.name)
    )


def _file_name(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(character if character.isprintable() else "_" for character in _well_formed(last))
    return _not_encoded(shown)[-_FILE_NAME_CHARACTERS:].strip() or "file"


def _check_headers(message: EmailMessage, content: bytes) -> None:
    """
    Look whether the message and its parts have the fields that were set, each once, and nothing else.

    Raises:
        MailError: they do not.
    """
    head, end, _ = content.partition(b"\r\n\r\n")
    _check_fields(["From", "To", *message.keys()], head + end[:2])
    for part in message.walk():
        if part is not message:
            _check_fields(
                part.keys(), b"".join(_POLICY.fold_binary(name, value) for name, value in part.items())
            )


def _check_fields(expected: list[str], head: bytes) -> None:
    names = [name.decode("ascii") for name in _FIELD.findall(head)]
    if names != expected or _FIELD.sub(b"", head):
        raise MailError("a header of this message cannot be written safely; use plainer words in it")


def _not_encoded(text: str) -> str:
    """`text` without the beginning of an encoded word. Source: RFC 2047 section 2."""
    return text.replace("=?", "= ?")


def _well_formed(text: str) -> str:
    """`text` without lone surrogates, which no encoding has."""
    return text.encode("utf-8", "replace").decode("utf-8")
