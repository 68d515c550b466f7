"""Messages made for the outbox, off the loop."""

import asyncio
import secrets

from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.ports import Clock
from doorward.errands.composing import Draft, compose


async def composed(draft: Draft, settings: MailSettings, clock: Clock) -> Mail:
    """
    The message of `draft`, as of now; a digest of thousands takes its time.

    Raises:
        MailError: it has no recipient, or something in it would add a header.
    """
    return await asyncio.to_thread(
        compose, draft, settings, wall_seconds=clock.wall(), token=secrets.token_hex(16)
    )
