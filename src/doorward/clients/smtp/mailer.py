"""The `Mailer` that speaks SMTP."""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping

from aiosmtplib import SMTP, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from doorward.clients.smtp.answers import judged, judged_recipient, later, refused, shown, wants_login
from doorward.clients.smtp.session import Lost, answer_of, cut_off, session
from doorward.core.errors import ConnectError
from doorward.core.mail import Delivered, Delivery, Mail
from doorward.core.mail_settings import MailSettings

_PIECE_BYTES = 256 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIRST_DOT = re.compile(rb"(?m)^\.")
_PATH = re.compile(r"[!-;=?-~]{1,254}")

_START_INPUT = 354

_UNKNOWN = "after the message was sent, so nobody knows whether it arrived"


class SmtpMailer:
    """
    A connection for each try, to the server that the settings name.

    Args:
        settings: asked for with each try, since a reload may change them.
        host_name: what we call ourselves to the server.
    """

    def __init__(self, settings: Callable[[], MailSettings], *, host_name: str) -> None:
        self._settings = settings
        self._host_name = host_name

    async def deliver(self, mail: Mail, recipients: Collection[str]) -> Mapping[str, Delivered]:
        settings = self._settings()
        tried = _Try(mail, recipients, settings)
        try:
            async with (
                asyncio.timeout(settings.try_seconds),
                session(settings, host_name=self._host_name) as smtp,
            ):
                await tried.run(smtp)
        except TimeoutError:
            tried.give_up(f"not done within {settings.try_seconds:g} s")
        return tried.delivered


class _Try:
    """One message on one connection."""

    def __init__(self, mail: Mail, recipients: Iterable[str], settings: MailSettings) -> None:
        self.delivered: dict[str, Delivered] = {}
        self._mail = mail
        self._left = list(recipients)
        self._settings = settings
        self._is_sent = False

    async def run(self, smtp: SMTP) -> None:
        """
        Go through the dialogue; afterwards each recipient has an answer.

        Raises:
            ConnectError: the server wants a login, or TLS, before it takes anything.
        """
        try:
            await self._converse(smtp)
        except Lost as lost:
            self.give_up(str(lost))

    def give_up(self, why: str) -> None:
        """Answer for those who have no answer yet: not now."""
        self._answer_all(later(f"{self._settings.server}: {why}{f' {_UNKNOWN}' if self._is_sent else ''}"))

    async def _converse(self, smtp: SMTP) -> None:
        content = self._mail.content
        most = smtp.esmtp_extensions.get("size", "").strip()
        if most.isdigit() and 0 < int(most) < len(content):
            self._answer_all(refused(f"the message has {len(content)} bytes, and the server takes {most}"))
            return
        options = [b"SIZE=%d" % len(content)] if smtp.supports_extension("size") else []
        if not content.isascii() and smtp.supports_extension("8bitmime"):
            options.append(b"BODY=8BITMIME")
        answer = await self._begin(smtp, *options)
        if (judgement := judged(answer.code, answer.message)).delivery is not Delivery.ACCEPTED:
            self._answer_all(judgement)
            return
        if await self._name_recipients(smtp):
            await self._hand_over(smtp)

    async def _begin(self, smtp: SMTP, *options: bytes) -> SMTPResponse:
        """
        Name the sender.

        Raises:
            ConnectError: the server wants a login first, or leaves without having seen the message.
        """
        try:
            answer = await self._ask(
                smtp, b"MAIL", b"FROM:<%s>" % self._mail.sender.encode("ascii"), *options
            )
        except Lost as lost:
            raise ConnectError(self._settings.server, "send", str(lost)) from lost
        if not smtp.is_connected:
            raise ConnectError(self._settings.server, "send", shown(answer.code, answer.message))
        if wants_login(answer.code):
            raise self._login_wanted(shown(answer.code, answer.message))
        return answer

    async def _name_recipients(self, smtp: SMTP) -> bool:
        """
        Whether the server takes it for any of them.

        Raises:
            ConnectError: it wants a login first, and takes it for nobody without one.
        """
        wanted = ""
        for recipient in list(self._left):
            if _PATH.fullmatch(recipient) is None:
                self._answer(recipient, refused("an address that is not ASCII needs SMTPUTF8"))
                continue
            answer = await self._ask(smtp, b"RCPT", b"TO:<%s>" % recipient.encode("ascii"))
            judgement = judged_recipient(answer.code, answer.message)
            if judgement.delivery is not Delivery.ACCEPTED:
                self._answer(recipient, judgement)
            if wants_login(answer.code):
                wanted = judgement.answer
            if not smtp.is_connected:
                raise Lost("the server closed the connection")
        if wanted and not self._left:
            raise self._login_wanted(wanted)
        return bool(self._left)

    async def _hand_over(self, smtp: SMTP) -> None:
        stuffed = await _stuffed(self._mail.content)
        answer = await self._ask(smtp, b"DATA")
        if answer.code != _START_INPUT:
            judgement = judged(answer.code, answer.message)
            if judgement.delivery is Delivery.ACCEPTED:
                raise Lost(f"the server does not speak SMTP: {judgement.answer}")
            self._answer_all(judgement)
            return
        self._is_sent = True
        try:
            answer = await answer_of(_send(smtp, stuffed, self._settings.content_seconds))
        except BaseException:
            # in the midst of a message there is no goodbye: it would be a line of it
            cut_off(smtp)
            raise
        self._answer_all(judged(answer.code, answer.message))

    async def _ask(self, smtp: SMTP, *words: bytes) -> SMTPResponse:
        return await answer_of(smtp.execute_command(*words))

    def _login_wanted(self, said: str) -> ConnectError:
        return ConnectError(
            self._settings.server,
            "login",
            said,
            "Set `user`, `password_file` and `tls` of the table [mail].",
        )

    def _answer(self, recipient: str, delivered: Delivered) -> None:
        self._left.remove(recipient)
        self.delivered[recipient] = delivered

    def _answer_all(self, delivered: Delivered) -> None:
        for recipient in list(self._left):
            self._answer(recipient, delivered)


async def _send(smtp: SMTP, stuffed: bytes, seconds: float) -> SMTPResponse:
    """
    Send what follows DATA, and hear what the server says to it.

    aiosmtplib's own `data` takes one wait for all three steps, so nobody could tell when it ended.
    """
    protocol = smtp.protocol
    if protocol is None:
        raise Lost("the server closed the connection")
    # reading begins first: a server may refuse in the midst of what it gets
    answer, _ = await asyncio.gather(protocol.read_response(timeout=seconds), _write(protocol, stuffed))
    return answer


async def _write(protocol: SMTPProtocol, stuffed: bytes) -> None:
    for start in range(0, len(stuffed), _PIECE_BYTES):
        if not protocol.is_connected:
            return
        protocol.write(stuffed[start : start + _PIECE_BYTES])
        await asyncio.sleep(0)


async def _stuffed(content: bytes) -> bytes:
    if len(content) <= _PIECE_BYTES:
        return _dotted(content)
    return await asyncio.to_thread(_dotted, content)


def _dotted(content: bytes) -> bytes:
    """
    `content` as it goes over the wire, with its end.

    Every line end is CRLF: another one lets a server see an end of the message where there is none, and a
    second message behind it.

    Source: RFC 5321 sections 2.3.8 and 4.5.2.
    """
    lines = _LINE_END.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _FIRST_DOT.sub(b"..", lines) + b".\r\n"
