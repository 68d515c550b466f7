"""`doorward.talk`: a conversation in lines, in a program."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from doorward.clients._trust import Trust, parse_fingerprint
from doorward.clients.talk.opening import open_stream
from doorward.clients.talk.session import OnReceived, TalkSession
from doorward.clients.talk.settings import TalkSettings, settings_for
from doorward.clients.talk.transcript import Transcript
from doorward.core.talking import (
    FEWEST_WINDOW_CHARACTERS,
    MOST_SECONDS,
    MOST_WINDOW_CHARACTERS,
    WINDOW_CHARACTERS,
)
from doorward.stores.clock import SystemClock


def talk(
    address: str,
    *,
    tls: bool = False,
    starttls: str = "",
    ca: str | os.PathLike[str] | None = None,
    fingerprint: str = "",
    server_name: str = "",
    insecure: bool = False,
    may_be_overheard: bool = False,
    line_end: str = "",
    telnet: bool | None = None,
    seconds: float | None = MOST_SECONDS,
    window_characters: int = WINDOW_CHARACTERS,
    transcript: Callable[[str], object] | None = None,
) -> AbstractAsyncContextManager[TalkSession]:
    """
    Have a conversation with what listens at `address`, within one deadline.

        async with doorward.talk("mail.example.org:25", starttls="smtp") as t:
            await t.send_line("EHLO me")
            matched = await t.expect(r"^250 ", r"^5")

    Args:
        address: HOST:PORT, [ADDRESS]:PORT, unix://PATH or a path.
        tls: it speaks TLS from the first byte on.
        starttls: smtp, imap, pop3 or ftp: TLS begins with that one's command, which is given here.
        ca: a PEM file of the only certificates that may vouch for the peer; None for the system's.
        fingerprint: SHA-256 of the only certificate that is believed, whatever its name.
        server_name: whom the certificate is to be for; empty for the host of `address`.
        insecure: believe anybody. A fingerprint is better.
        may_be_overheard: a secret may be sent without TLS to another machine, or to whoever is there.
        line_end: what `send_line` ends lines with; empty for CR LF, and LF on a socket of the file system.
        telnet: whether Telnet is spoken; None for what the first bytes of the peer say.
        seconds: for all of it; None for no end.
        window_characters: how long a match may be, to be surely found, 16 to 1,048,576; as
            `TalkSession.expect` says.
        transcript: is called with each line of a transcript, on the loop.

    Raises:
        ConnectError: as the context is entered: the peer cannot be reached, or is not trusted.
        ValueError: these arguments do not go together: at once, before the context is entered.
    """
    trusts_some = bool(ca or fingerprint)
    if not (tls or starttls) and (trusts_some or insecure or server_name):
        raise ValueError("whom to trust is said with tls or starttls alone")
    if trusts_some and insecure:
        raise ValueError("insecure believes anybody: ca and fingerprint do not go with it")
    if not FEWEST_WINDOW_CHARACTERS <= window_characters <= MOST_WINDOW_CHARACTERS:
        problem = f"window_characters is {FEWEST_WINDOW_CHARACTERS} to {MOST_WINDOW_CHARACTERS}"
        raise ValueError(f"{problem}, not {window_characters}")
    settings = replace(
        settings_for(address, tls=tls, starttls=starttls, telnet=telnet),
        trust=Trust(
            fingerprint=parse_fingerprint(fingerprint) if fingerprint else "",
            authorities=Path(ca) if ca is not None else None,
        ),
        server_name=server_name,
        is_checked=not insecure,
        may_be_overheard=may_be_overheard,
        line_end=line_end,
        seconds=seconds,
        window_characters=window_characters,
    )
    return talking(settings, write=transcript)


@asynccontextmanager
async def talking(
    settings: TalkSettings,
    *,
    write: Callable[[str], object] | None = None,
    on_received: OnReceived | None = None,
) -> AsyncIterator[TalkSession]:
    """
    Have the conversation that `settings` mean.

    Args:
        settings: of it.
        write: gets the lines of a transcript; None for nobody.
        on_received: as in `TalkSession`.

    Raises:
        ConnectError: as `talk`.
    """
    transcript = Transcript(write, SystemClock.wall)
    loop = asyncio.get_running_loop()
    ends_at = None if settings.seconds is None else loop.time() + settings.seconds
    transcript.told(f"talking to {settings.address}")
    stream = await open_stream(settings, transcript, ends_at=ends_at)
    session = TalkSession(stream, settings, transcript, on_received=on_received, ends_at=ends_at)
    if session.tls is not None:
        transcript.told(" ".join(session.tls))
    try:
        yield session
    except BaseException:
        await session.abort()
        raise
    await session.close()
