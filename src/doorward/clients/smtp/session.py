"""One connection to a mail server, up to where it takes messages."""

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar, cast

import aiosmtplib
from aiosmtplib import SMTP

from doorward.clients._tls import words_of_error
from doorward.clients.smtp.answers import shown
from doorward.clients.smtp.trust import context_of, password_of
from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError
from doorward.core.mail_settings import MailSettings, MailTls
from doorward.core.secret import REDACTED, Secret

_T = TypeVar("_T")

_QUIT_SECONDS = 5.0

_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
"""A login in one line, the user and the password with it, has no other form."""

_OFTEN_MEANT = {
    MailTls.NONE: 'A server that speaks TLS at once wants tls = "implicit".',
    MailTls.IMPLICIT: 'A server that speaks no TLS at once wants tls = "starttls".',
    MailTls.STARTTLS: 'A server that speaks TLS at once wants tls = "implicit".',
}


class Lost(Exception):
    """The connection broke, or an answer did not come in time; the text says which. No client lets it out."""


@contextlib.asynccontextmanager
async def session(settings: MailSettings, *, host_name: str) -> AsyncIterator[SMTP]:
    """
    A connection that was greeted, encrypted and logged in as the settings want; closed at the end.

    Args:
        settings: of the server.
        host_name: what we call ourselves.

    Raises:
        ConnectError: the server was not brought so far; the text says in which phase and why.
    """
    is_implicit = settings.tls is MailTls.IMPLICIT
    context = None
    if settings.tls is not MailTls.NONE:
        context = await asyncio.to_thread(context_of, settings)
    smtp = SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=host_name,
        timeout=settings.timeout_seconds,
        use_tls=is_implicit,
        start_tls=False,
        tls_context=context,
    )
    try:
        await _reached(settings, "connect", smtp.connect())
        await _begin(smtp, settings)
        yield smtp
    finally:
        await _leave(smtp)


async def answer_of(answered: Awaitable[_T]) -> _T:
    """
    Wait for an answer.

    Raises:
        Lost: it did not come.
    """
    try:
        return await answered
    except aiosmtplib.SMTPTimeoutError as error:
        raise Lost("no answer in time") from error
    except (aiosmtplib.SMTPServerDisconnected, OSError) as error:
        raise Lost("the server closed the connection") from error
    except aiosmtplib.SMTPResponseException as error:
        raise Lost(f"the server does not speak SMTP: {shown(error.code, error.message)}") from error


async def _begin(smtp: SMTP, settings: MailSettings) -> None:
    await _reached(settings, "connect", _greet(smtp))
    if settings.tls is MailTls.STARTTLS:
        if not smtp.supports_extension("starttls"):
            raise ConnectError(
                settings.server,
                "TLS",
                "the server offers no STARTTLS",
                'Nothing was sent. Is it the right port? `tls = "none"` of [mail] sends in the clear.',
            )
        await _reached(settings, "TLS", smtp.starttls())
        await _reached(settings, "TLS", _greet(smtp))
    if settings.user:
        await _log_in(smtp, settings)


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not smtp.is_connected:
            raise
        await smtp.helo()


async def _log_in(smtp: SMTP, settings: MailSettings) -> None:
    if smtp.get_transport_info("sslcontext") is None and not _stays_here(smtp):
        raise ConnectError(
            settings.server,
            "login",
            "a password does not go over the network in the clear",
            'Set `tls` of the table [mail] to "starttls" or "implicit".',
        )
    password = await asyncio.to_thread(password_of, settings)
    try:
        await _reached(settings, "login", smtp.login(settings.user, password.revealed))
    except ConnectError as error:
        # a server may say anything, also what it was told
        if error.problem != (safe := _without(error.problem, password)):
            raise ConnectError(error.address, error.phase, safe, error.next_step) from None
        raise


def _stays_here(smtp: SMTP) -> bool:
    peer = smtp.get_transport_info("peername")
    return isinstance(peer, tuple) and is_this_machine(str(peer[0]))


def _without(text: str, password: Secret) -> str:
    """`text` without the password, and without any word that may be it, or what has it, in Base64."""
    encoded = base64.b64encode(password.revealed.encode()).decode()
    hidden = _BASE64.sub(REDACTED, text.replace(password.revealed, REDACTED))
    return hidden.replace(encoded, REDACTED)


async def _reached(settings: MailSettings, phase: str, step: Awaitable[object]) -> None:
    """
    Wait for one step of the way.

    Raises:
        ConnectError: it came to nothing.
    """
    try:
        await step
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        phase, problem, next_step = _explained(error, phase, settings)
        raise ConnectError(settings.server, phase, problem, next_step) from error


def _explained(error: Exception, phase: str, settings: MailSettings) -> tuple[str, str, str]:
    """The phase, what happened, and what to do."""
    # several of aiosmtplib's errors are OSErrors too
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPException) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        problem = f"its certificate is not trusted: {cause.verify_message}"
        return "TLS", problem, "`ca` of the table [mail] names what may vouch for it."
    if isinstance(cause, ssl.SSLError):
        return "TLS", words_of_error(cause), _OFTEN_MEANT[settings.tls]
    if isinstance(cause, ConnectionRefusedError):
        return phase, "nobody listens there", "Is the mail server running? `server` of [mail] says where."
    if isinstance(cause, OSError) and cause.strerror and not isinstance(error, TimeoutError):
        return phase, cause.strerror.lower(), ""
    return phase, *_said(error, settings)


def _said(error: Exception, settings: MailSettings) -> tuple[str, str]:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return shown(error.code, error.message), "Look at `user` and `password_file` of [mail]."
        case aiosmtplib.SMTPResponseException():
            return shown(error.code, error.message), ""
        case TimeoutError():
            return f"no answer within {settings.timeout_seconds:g} s", _OFTEN_MEANT[settings.tls]
        case aiosmtplib.SMTPServerDisconnected() | aiosmtplib.SMTPConnectError():
            return "the server closed the connection", ""
        case _:
            return " ".join(str(error).split()), ""


async def _leave(smtp: SMTP) -> None:
    """Say goodbye for a moment, where somebody still listens, and hang up."""
    transport = smtp.transport
    try:
        if smtp.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await smtp.quit(timeout=_QUIT_SECONDS)
    finally:
        _hang_up(smtp, transport)


def cut_off(smtp: SMTP) -> None:
    """Hang up without a word."""
    _hang_up(smtp, smtp.transport)


def _hang_up(smtp: SMTP, transport: asyncio.BaseTransport | None) -> None:
    """
    Close the connection now.

    What aiosmtplib calls closing waits, with TLS, for the server to agree, and may outlive the loop.
    """
    smtp.close()
    if transport is not None:
        cast("asyncio.WriteTransport", transport).abort()
