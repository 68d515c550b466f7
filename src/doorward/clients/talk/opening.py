"""A connection to a peer, over TLS where that is wanted, and then with nobody who is not trusted."""

import asyncio
import contextlib
import ssl
from dataclasses import replace

from doorward.clients._reaching import reach_host
from doorward.clients._streams import PLAIN_TEXT, Stream
from doorward.clients._tls import Distrusted, client_context, tls_error
from doorward.clients._trust import Check, Trust, checks_of, words_of_distrust
from doorward.clients.talk.settings import Security, TalkSettings, UnixPlace
from doorward.clients.talk.starttls import StartTls, steps_of
from doorward.clients.talk.telling import NO_TLS, opening
from doorward.clients.talk.transcript import Transcript
from doorward.core.errors import ConnectError, TlsFailed

_NOBODY_YET = Trust()


async def open_stream(settings: TalkSettings, transcript: Transcript, *, ends_at: float | None) -> Stream:
    """
    Reach the peer, and make sure who it is where the settings want TLS.

    Two connections are made where two checks may let it in, and one more to tell what it showed.

    Args:
        settings: where it is, and whom to believe.
        transcript: gets what is said before TLS.
        ends_at: when it is over, on the clock of the loop; None for never.

    Raises:
        ConnectError: it could not be reached, speaks no TLS, or is not trusted.
        NotInTime: it took too long.
    """
    if not settings.is_encrypted:
        return await _reached(settings, ends_at)
    endpoint = settings.tls_endpoint
    if not settings.is_checked:
        return await _secured(settings, Check.BY_ITSELF, transcript, ends_at=ends_at)
    failed: TlsFailed | None = None
    shown: bytes | None = None
    for check in checks_of(settings.trust, endpoint.host):
        try:
            return await _secured(settings, check, transcript, ends_at=ends_at)
        except Distrusted as distrusted:
            failed = distrusted.failed or failed
            shown = distrusted.certificate or shown
    shown = shown or await _look(settings, transcript, ends_at=ends_at)
    raise tls_error(endpoint, words_of_distrust(settings.trust, failed, shown)) from failed


async def _look(settings: TalkSettings, transcript: Transcript, *, ends_at: float | None) -> bytes | None:
    """The certificate that the peer shows to anybody; None when it does not show it again."""
    with contextlib.suppress(ConnectError):
        try:
            # who trusts nothing gets no further than this
            await _secured(replace(settings, trust=_NOBODY_YET), Check.BY_ITSELF, transcript, ends_at=ends_at)
        except Distrusted as distrusted:
            return distrusted.certificate
    return None


async def _secured(
    settings: TalkSettings, check: Check, transcript: Transcript, *, ends_at: float | None
) -> Stream:
    # it reads the files of authorities
    context = await asyncio.to_thread(client_context, settings.tls_endpoint, check)
    stream = await _reached(settings, ends_at)
    try:
        async with _in_phase(settings, "TLS", ends_at):
            if settings.security is not Security.TLS:
                await _ask_for_tls(settings, stream, transcript)
            await _start_tls(settings, stream, check, context)
    except BaseException:
        stream.abort()
        raise
    return stream


async def _start_tls(settings: TalkSettings, stream: Stream, check: Check, context: ssl.SSLContext) -> None:
    is_known = settings.trust.is_exactly_trusted if check is Check.BY_ITSELF and settings.is_checked else None
    # the zone of a link-local address is a matter of this machine: RFC 6874 section 1
    name = settings.server_name or settings.tls_endpoint.host.partition("%")[0]
    try:
        if is_known is None:
            await stream.start_tls(context, server_hostname=name)
        else:
            await stream.start_tls(context, server_hostname=name, is_trusted=is_known)
    except TlsFailed as failed:
        if failed.verify_code:
            raise Distrusted(failed, None) from failed
        if failed.code == PLAIN_TEXT and settings.security is Security.TLS:
            # here nothing was asked for that text could have been an answer to
            raise TlsFailed(failed.reason, code=NO_TLS) from failed
        raise


async def _ask_for_tls(settings: TalkSettings, stream: Stream, transcript: Transcript) -> None:
    dialogue = StartTls(steps_of(settings.security.protocol, our_name=_our_name(stream)))
    while not dialogue.is_ready:
        data = await stream.read()
        if not data:
            problem = f"the server closed the connection before {dialogue.asked}"
            raise ConnectError(settings.address, "TLS", problem)
        transcript.received(data)
        dialogue.receive_data(data)
        if asks := dialogue.bytes_to_send():
            transcript.sent(asks)
            await stream.write(asks)


def _our_name(stream: Stream) -> str:
    """Who has no name in the DNS is an address: RFC 5321 section 4.1.4."""
    host = str(stream.own_address[0])
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


async def _reached(settings: TalkSettings, ends_at: float | None) -> Stream:
    place = settings.place
    async with _in_phase(settings, "connect", ends_at):
        if isinstance(place, UnixPlace):
            loop = asyncio.get_running_loop()
            _, stream = await loop.create_unix_connection(Stream, place.path)
            return stream
        stream, _ = await reach_host(place.host, place.port, within_seconds=settings.connect_seconds)
        return stream


def _in_phase(
    settings: TalkSettings, phase: str, ends_at: float | None
) -> contextlib.AbstractAsyncContextManager[None]:
    return opening(
        settings.address,
        phase,
        within_seconds=settings.connect_seconds,
        ends_at=ends_at,
        total_seconds=settings.seconds,
    )
