"""Messages for real mail servers, and one try to deliver them, on the loop that the daemon has."""

import asyncio
from collections.abc import Callable

import uvloop

from doorward.clients.smtp import SmtpMailer
from doorward.core.mail import Delivered, Mail
from doorward.core.mail_settings import MailSettings

ALICE, BOB, NOBODY = "alice@example.org", "bob@example.org", "nobody@example.org"


def mail(name: str, *recipients: str, body: bytes = b"hello\r\n") -> Mail:
    """One whose Message-ID has `name` in it; to alice unless it says to whom."""
    message_id = f"<{name}@ops.example.org>"
    header = f"From: ops@ops.example.org\r\nMessage-ID: {message_id}\r\n\r\n"
    return Mail(
        sender="bounces@ops.example.org",
        recipients=recipients or (ALICE,),
        message_id=message_id,
        content=header.encode() + body,
    )


def deliver(
    settings: MailSettings,
    message: Mail,
    *,
    loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> dict[str, Delivered]:
    """What came of it, by recipient; the loop ends at once."""
    mailer = SmtpMailer(lambda: settings, host_name="client.example.org")
    with asyncio.Runner(loop_factory=loop) as runner:
        return dict(runner.run(mailer.deliver(message, message.recipients)))
