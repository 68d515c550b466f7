"""Messages, and what nobody can do to them."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import MailError
from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox, parse_mailbox
from doorward.errands.composing import SUBJECT_CHARACTERS, Attachment, Draft, compose

SETTINGS = MailSettings(
    sender=Mailbox("doorward@ops.example.org", "Doorward"),
    bounces_to="bounces@example.org",
    to=(Mailbox("alice@example.org", "Alice"),),
)
WALL = 1_750_000_000.0
TOKEN = "0123456789abcdef"

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id"]
OF_MIME = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}

ANYTHING = st.text(st.characters(codec=None), max_size=300)


def composed(draft: Draft, settings: MailSettings = SETTINGS) -> Mail:
    return compose(draft, settings, wall_seconds=WALL, token=TOKEN)


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_the_envelope_is_apart_from_the_header() -> None:
    mail = composed(Draft(subject="df", text="full", list_id="schedule.df"))
    assert (mail.sender, mail.recipients) == ("bounces@example.org", ("alice@example.org",))
    message = read(mail)
    assert message["From"] == "Doorward <doorward@ops.example.org>"
    assert message["To"] == "Alice <alice@example.org>"
    assert message["Date"] == "Sun, 15 Jun 2025 15:06:40 +0000"
    assert message["Message-ID"] == mail.message_id == f"<{TOKEN}@ops.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<schedule.df.ops.example.org>"
    assert body(message) == "full\n"


def test_a_recipient_that_is_named_twice_stands_in_the_envelope_once() -> None:
    mail = composed(Draft(subject="", text="", to=(Mailbox("a@b.c", "A"), Mailbox("a@b.c", "B"))))
    assert mail.recipients == ("a@b.c",)


def test_a_message_to_nobody_is_an_error() -> None:
    with pytest.raises(MailError, match="nobody to send this to"):
        composed(Draft(subject="", text=""), MailSettings())


def test_text_html_and_attachments_come_out_as_they_went_in() -> None:
    table = Attachment(name="/var/log/größe.csv", content=b"a,b\r\n\x00\xff", media_type="text/csv")
    forward = Attachment(name="old.eml", content=b"Subject: x\n\n", media_type="message/rfc822")
    draft = Draft(subject="é", text="Grüße\n.\nFrom me\n", html="<p>Grüße", attachments=(table, forward))
    message = read(composed(draft))
    assert body(message) == draft.text
    assert body(message, "html").rstrip("\n") == draft.html
    parts = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_attachments()
    ]
    assert parts == [
        ("größe.csv", "text/csv", table.content),
        ("old.eml", "application/octet-stream", forward.content),
    ]


def test_a_long_subject_is_cut_and_says_so() -> None:
    subject = read(composed(Draft(subject="é" * 5000, text="")))["Subject"]
    assert len(subject) == SUBJECT_CHARACTERS
    assert subject.endswith("é…")


@pytest.mark.parametrize(
    "subject",
    ["a\r\nBcc: mallory@example.org", "a\nBcc: mallory@example.org\n\nhi", "a\x0bBcc: x", "a\u2028b"],
)
def test_a_subject_adds_no_header(subject: str) -> None:
    message = read(composed(Draft(subject=subject, text="")))
    assert "Bcc" not in message
    assert message["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize(
    "text",
    [
        "a@b\r\nBcc: c@d",
        "Alice\nBcc: c@d <a@b>",
        "a@b, c@d",
        "<a@b> <c@d>",
        "@b",
        "a@",
        "a b@c",
        '"a b"@c',
        "a@b@c",
        "a..b@c",
        "a@-b",
        "a@b\x00",
        f"{'x' * 65}@b",
        f"a@{'x' * 64}.org",
        f"a@{'x.' * 150}org",
        "jörg@example.org",
        "-oQ/tmp/x@example.org",
        "|/bin/sh@example.org",
        "/etc/passwd@example.org",
        "x" * 100_000,
        "a@\udc80",
        "",
    ],
)
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(MailError):
        parse_mailbox(text, domain="example.org")


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("a.b+c@example.org", Mailbox("a.b+c@example.org")),
        ("root", Mailbox("root@example.org")),
        ("a@[192.0.2.1]", Mailbox("a@[192.0.2.1]")),
        ("Alice <a@b>", Mailbox("a@b", "Alice")),
        ('"Liddell, Alice" <a@b>', Mailbox("a@b", "Liddell, Alice")),
        ("Ünï <a@münchen.example>", Mailbox("a@xn--mnchen-3ya.example", "Ünï")),
    ],
)
def test_a_mailbox_is_read(text: str, mailbox: Mailbox) -> None:
    assert parse_mailbox(text, domain="example.org") == mailbox
    written = read(composed(Draft(subject="", text="", to=(mailbox,))))["To"]
    assert [(each.display_name, each.addr_spec) for each in written.addresses] == [
        (mailbox.name, mailbox.address)
    ]


@given(subject=ANYTHING, text=ANYTHING, html=st.none() | ANYTHING, list_id=ANYTHING, name=ANYTHING)
def test_nothing_from_outside_adds_a_header_or_ends_the_message(
    subject: str, text: str, html: str | None, list_id: str, name: str
) -> None:
    attachment = Attachment(name=name, content=b"x", media_type=subject)
    draft = Draft(subject=subject, text=text, html=html, list_id=list_id, attachments=(attachment,))
    mail = composed(draft)
    lines = mail.content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert b"\0" not in mail.content
    assert mail.content.isascii()
    assert max(map(len, lines)) <= 998
    message = read(mail)
    assert [name for name in message if name not in OF_MIME] == [
        each for each in HEADERS if each != "List-Id" or list_id
    ]
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds[: len(kinds) - 1] == ["text/plain"] + ["text/html"] * (html is not None)


@given(name=st.text(st.characters(codec="utf-8"), max_size=100))
def test_a_name_adds_no_address(name: str) -> None:
    try:
        mailbox = parse_mailbox(f"{name} <a@b.example>", domain="example.org")
    except MailError:
        return
    message = read(composed(Draft(subject="", text="", to=(mailbox,))))
    assert [each.addr_spec for each in message["To"].addresses] == ["a@b.example"]
