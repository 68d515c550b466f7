"""Messages composed for tests, and read again by the standard library."""

import email
import email.policy
from email.message import EmailMessage

from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.errands.composing import Draft, compose

SETTINGS = MailSettings(
    sender=Mailbox("doorward@ops.example.org", "Doorward"),
    bounces_to="bounces@example.org",
    to=(Mailbox("alice@example.org", "Alice"),),
)
WALL = 1_750_000_000.0
TOKEN = "0123456789abcdef"


def composed(draft: Draft, settings: MailSettings = SETTINGS) -> Mail:
    return compose(draft, settings, wall_seconds=WALL, token=TOKEN)


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
