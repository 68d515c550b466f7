"""Messages made for the outbox, as of now."""

import asyncio
import secrets

from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.ports import Clock
from doorward.errands.composing import Draft, compose


async def composed(draft: Draft, settings: MailSettings, clock: Clock) -> Mail:
    """
    The message of `draft`, made off the loop: a digest of thousands takes its time.

    Raises:
        MailError: it has no recipient, or something in it would add a header.
    """
    return await asyncio.to_thread(compose_now, draft, settings, wall_seconds=clock.wall())


def compose_now(draft: Draft, settings: MailSettings, *, wall_seconds: float) -> Mail:
    """The message of `draft`; raises as `composed`."""
    return compose(draft, settings, wall_seconds=wall_seconds, token=secrets.token_hex(16))
