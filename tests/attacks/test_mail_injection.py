"""A subject, a name, a title or an address that would add a header, a recipient or a second message."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.smtp import SmtpMailer
from doorward.core.errors import MailError
from doorward.core.mail import Delivered, Delivery, Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import parse_mailbox
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
