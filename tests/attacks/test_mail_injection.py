"""A subject, a name, a title or an address that would add a header, a recipient or a second message."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.smtp import SmtpMailer
from doorward.core.errors import MailError
from doorward.core.mail import Delivered, Delivery, Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox, parse_mailbox
from doorward.errands.composing import Attachment, Draft
from tests.clients.smtp.servers import fault_server
from tests.errands.letters import composed, read

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id"]
OF_MIME = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}

ANYTHING = st.text(st.characters(codec=None), max_size=300)

ALICE = "alice@example.org"
MAIL = Mail(sender="", recipients=(ALICE,), message_id="<1@example.org>", content=b"")


async def deliver(settings: MailSettings, mail: Mail) -> dict[str, Delivered]:
    mailer = SmtpMailer(lambda: settings, host_name="client.example.org")
    return dict(await mailer.deliver(mail, mail.recipients))


@pytest.mark.parametrize(
    "subject",
    ["a\r\nBcc: mallory@example.org", "a\nBcc: mallory@example.org\n\nhi", "a\x0bBcc: x", "a\u2028b"],
)
def test_a_subject_adds_no_header(subject: str) -> None:
    message = read(composed(Draft(subject=subject, text="")))
    assert "Bcc" not in message
    assert message["Subject"] == " ".join(subject.split())


ENCODED = (
    "=?utf-8?q?Kernel_fixed=0D=0ABcc:_victim@example.net=0D=0AX-Evil:_1=0D=0A=0D=0APhishing?=",
    "=?utf-8?b?YQ0KQmNjOiB2aWN0aW1AZXhhbXBsZS5uZXQNCg0KYg==?=",
    "=?utf-8?q?a=0ABcc:_victim@example.net?=",
    "=?utf-8?q?a=0DBcc:_victim@example.net?=",
    "=?utf-8?q?=1B[2J?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=0D=0ABcc=3A=20x=3F=3D?=",
    "=?utf-8?q?a?= =?utf-8?q?=0D=0ABcc:_x?=",
    "==??utf-8?q?a=0D=0ABcc:_x?=?=",
    "=\ud800utf-8?q?a=0D=0ABcc:_x?=",
    "/=?utf-8?q?a=0D=0ABcc:_x?=",
)


def check_nothing_was_added(mail: Mail) -> None:
    message = read(mail)
    assert [name for name in message if name not in OF_MIME] == HEADERS[:-1]
    assert b"\x1b" not in mail.content
    lines = mail.content.split(b"\r\n")
    assert not [line for line in lines if b"\r" in line or b"\n" in line]
    assert not [line for line in lines if line.lower().startswith((b"bcc:", b"x-evil:"))]


@pytest.mark.parametrize("words", ENCODED)
def test_a_subject_that_is_encoded_already_is_not_decoded(words: str) -> None:
    mail = composed(Draft(subject=words, text=""))
    check_nothing_was_added(mail)
    assert read(mail)["Subject"] == words.replace("\ud800", "\ufffd").replace("=?", "= ?")


@pytest.mark.parametrize("words", ENCODED)
def test_a_display_name_that_is_encoded_already_is_not_decoded(words: str) -> None:
    mailbox = Mailbox(ALICE, words)
    mail = composed(Draft(subject="", text="", sender=mailbox, to=(mailbox,)))
    check_nothing_was_added(mail)
    for header in ("From", "To"):
        assert [each.addr_spec for each in read(mail)[header].addresses] == [ALICE]


@pytest.mark.parametrize("words", ENCODED)
def test_a_file_name_that_is_encoded_already_is_not_decoded(words: str) -> None:
    mail = composed(Draft(subject="", text="", attachments=(Attachment(name=words, content=b"x"),)))
    check_nothing_was_added(mail)
    (attached,) = read(mail).iter_attachments()
    assert sorted(attached.keys()) == sorted([*OF_MIME, "Content-Disposition"])


def test_an_address_that_a_header_would_decode_is_none() -> None:
    local_part = "=?utf-8?q?a=0D=0ABcc=3Ab?="
    with pytest.raises(MailError, match="is no mail address"):
        parse_mailbox(f"{local_part}@example.org", domain="example.org")


def test_a_message_with_a_header_that_was_not_set_is_not_made() -> None:
    # nobody may have checked it before
    unchecked = Mailbox("a@example.org\r\nBcc: b@example.org")
    with pytest.raises(MailError, match="cannot be written safely"):
        composed(Draft(subject="", text="", to=(unchecked,)))


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


@given(
    name=st.text(st.characters(codec="utf-8"), max_size=100),
    before=st.text('ab ,;:."\\()@\u00e9', max_size=100),
    others=st.integers(0, 4),
)
def test_a_name_adds_no_address_and_takes_none_away(name: str, before: str, others: int) -> None:
    try:
        mailbox = parse_mailbox(f"{before}{name} <a@b.example>", domain="example.org")
    except MailError:
        return
    message = read(composed(Draft(subject="", text="", to=(mailbox,) * (1 + others))))
    assert [each.addr_spec for each in message["To"].addresses] == ["a@b.example"] * (1 + others)


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
async def test_no_line_end_lets_a_second_message_through(ending: bytes) -> None:
    smuggled = b"Subject: a\r\n\r\nb" + ending + b"." + ending + b"MAIL FROM:<mallory@example.org>\r\n"
    async with fault_server() as server:
        await deliver(server.settings(), replace(MAIL, content=smuggled))
    assert server.messages == [b"Subject: a\r\n\r\nb\r\n..\r\nMAIL FROM:<mallory@example.org>\r\n.\r\n"]


@pytest.mark.parametrize("recipient", ["a@b>\r\nRCPT TO:<x@y", "a@b> X", "<a@b>", "a b@c", ""])
async def test_no_recipient_adds_a_command(recipient: str) -> None:
    async with fault_server() as server:
        delivered = await deliver(server.settings(), replace(MAIL, recipients=(recipient,)))
    assert delivered[recipient].delivery is Delivery.REFUSED
    assert not [line for line in server.heard if line.startswith("RCPT")]
