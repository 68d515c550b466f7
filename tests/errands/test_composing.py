"""Messages, and what nobody can do to them."""

from email.message import EmailMessage

import pytest

from doorward.core.errors import MailError
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox, parse_mailbox
from doorward.errands.composing import SUBJECT_CHARACTERS, Attachment, Draft
from tests.errands.letters import TOKEN, composed, read


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
