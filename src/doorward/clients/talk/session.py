"""A conversation in lines: something is sent, and something waited for in what comes, within one deadline."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from doorward.clients._in_time import Deadline
from doorward.clients._streams import Stream
from doorward.clients._tls import words_of_error
from doorward.clients._trust import words_of_failure
from doorward.clients.talk.settings import TalkSettings
from doorward.clients.talk.telnet import Telnet
from doorward.clients.talk.text import TextDecoder
from doorward.clients.talk.transcript import Transcript
from doorward.clients.talk.window import Window
from doorward.core.errors import ConnectError, ProtocolError, TlsFailed
from doorward.core.secret import Secret
from doorward.core.talking import Matched, NotInTime, PeerEnded, words_of_patterns

OnReceived = Callable[[bytes], Awaitable[None]]
"""Gets what came, as it came, but for Telnet's negotiation."""

LINGER_SECONDS = 2.0
"""How long the peer may take for what it says last, once our side has ended."""

NO_WORD_OF_THE_END = (
    "the peer did not say over TLS that this is the end; it may never do so, or somebody in between ended it"
)

_CUT = "the connection was cut"

_RESTS = 4
_RESTS_AFTER_SECONDS = 0.001


class TalkSession:
    """
    One conversation. One task reads and one sends, which may be the same.

    Args:
        stream: to the peer.
        settings: how it was made.
        transcript: gets both sides.
        on_received: is waited for with each piece that came; None for nobody.
        ends_at: when the time for all of it is over, on the clock of the loop; None for never.

    Attributes:
        ends_at: likewise; it may be changed.
        is_searching: the loop stands still, for as long as a pattern takes.
    """

    def __init__(
        self,
        stream: Stream,
        settings: TalkSettings,
        transcript: Transcript,
        *,
        on_received: OnReceived | None = None,
        ends_at: float | None = None,
    ) -> None:
        self._stream = stream
        self._settings = settings
        self._transcript = transcript
        self._on_received = on_received
        self.ends_at = ends_at
        self.is_searching = False
        self._telnet = Telnet(settings.telnet)
        self._decoder = TextDecoder()
        self._window = Window(window_characters=settings.window_characters)
        self._has_ended = False
        self._is_lost = False
        self._has_finished = False
        self._waits_for_answer = False
        self._how_it_ended = "the peer ended the conversation"

    @property
    def address(self) -> str:
        """With whom it is, as that was given."""
        return self._settings.address

    @property
    def has_ended(self) -> bool:
        """Whether the peer says nothing more; what it said may still wait to be taken."""
        return self._has_ended

    @property
    def was_cut(self) -> bool:
        """Over TLS: it ended without the peer's word for it, so that anybody may have cut it."""
        return self._has_ended and self._stream.was_cut

    @property
    def certificate(self) -> bytes | None:
        """The peer's, in DER; None without TLS."""
        return self._stream.layer.peer_certificate if self._stream.layer is not None else None

    @property
    def tls(self) -> tuple[str, str] | None:
        """The version of TLS and the cipher suite; None without TLS."""
        layer = self._stream.layer
        return (layer.protocol, layer.cipher) if layer is not None else None

    async def expect(self, *patterns: str | re.Pattern[str], seconds: float | None = None) -> Matched:
        """
        Wait until one of `patterns` is found in what came since the last match; the text behind it is next.

        The match that begins first is taken, and of two at one place that of the first pattern. Where a
        pattern is a string, `^` and `$` are the ends of lines (`re.MULTILINE`); `$` is also the end of what
        came so far. A match of up to `window_characters` is surely found.

        Args:
            patterns: at least one.
            seconds: for this alone; None for as long as the conversation may take.

        Raises:
            PeerEnded: the peer ended it before; the error has the text.
            NotInTime: it took longer; likewise.
            re.error: a pattern is none.
        """
        if not patterns:
            raise ValueError("nothing to expect")
        compiled = [re.compile(each, re.MULTILINE) if isinstance(each, str) else each for each in patterns]
        words = words_of_patterns([each.pattern for each in compiled])
        async with self._within("read", f"{words} did not come", seconds):
            matched = await self._found(compiled, words)
        self._waits_for_answer = False
        return matched

    async def expect_end(self, *, seconds: float | None = None, may_be_cut: bool = False) -> str:
        """
        Wait until the peer ends the conversation.

        Args:
            seconds: for this alone; None for as long as the conversation may take.
            may_be_cut: over TLS, take for the end what comes without the peer's word for it, between two
                lines: many servers of FTP end so, and anybody in between can. `was_cut` tells.

        Returns:
            What came since the last match, as much of it as is kept.

        Raises:
            PeerEnded: over TLS, it was cut; or the connection was lost.
            NotInTime: it goes on.
        """
        async with self._within("read", "the end did not come", seconds):
            await self._skim_to_the_end()
        if self._is_lost or (self.was_cut and not may_be_cut):
            raise self._ended("before its end")
        if self.was_cut and self._window.text.rpartition("\n")[2]:
            raise self._ended("in the middle of a line")
        return self._window.take()

    @property
    def rest(self) -> str:
        """What came since the last match and was not taken, as much of it as is kept, without secrets."""
        return self.without_secrets(self._window.text)

    def without_secrets(self, text: str) -> str:
        """`text` with dots for each secret that was sent."""
        return self._transcript.without_secrets(text)

    async def read(self) -> str:
        """
        Take the text that came since the last match, as soon as there is any; empty at the end.

        Raises:
            PeerEnded: the connection was lost.
            NotInTime: the time for the conversation is over.
        """
        async with self._within("read", "the end did not come", None):
            while not (text := self._window.take()) and not self._has_ended:
                await self._receive()
        if not text and self._is_lost:
            raise self._ended("before its end")
        return text

    async def send(self, data: str | bytes) -> None:
        """
        Send it as it is; a byte 255 is doubled where Telnet is spoken.

        Raises:
            PeerEnded: the peer takes nothing any more; the error has what it said until then.
            NotInTime: it does not read.
        """
        raw = _bytes_of(data)
        self._transcript.sent(raw)
        await self._send(raw)

    async def send_line(self, line: str | bytes = "") -> None:
        """As `send`, with the end of a line behind it."""
        await self.send(_bytes_of(line) + self._settings.ends_lines_with.encode())

    async def send_secret(self, secret: Secret | str, *, is_line: bool = True) -> None:
        """
        As `send_line`, for what no transcript and no error may show.

        Args:
            secret: what is sent.
            is_line: the end of a line follows.

        Raises:
            ConnectError: others could read it on the way: there is neither TLS nor is it this machine.
        """
        if not (self._settings.is_confidential or self._settings.may_be_overheard):
            raise ConnectError(
                self.address,
                "send",
                "the secret would go to another machine where others may read it, and was not sent",
                "Use TLS, with a peer that is trusted; --unencrypted, may_be_overheard, sends it as it is.",
            )
        secret = secret if isinstance(secret, Secret) else Secret(secret)
        self._transcript.sent_secret(secret)
        end = self._settings.ends_lines_with if is_line else ""
        await self._send(_bytes_of(secret.revealed + end))

    async def turn(self) -> None:
        """
        Let others go on.

        Raises:
            NotInTime: the time for the conversation is over.
        """
        async with self._within("read", "the script did not end", None):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """
        End our side, after all that was sent; the peer can still be read. Idempotent.

        Over TLS many servers say nothing more then, not even what they were about to: TLS 1.2 has them close
        at once (RFC 5246 section 7.2.1), and they do so over TLS 1.3 too.
        """
        if self._has_finished:
            return
        self._has_finished = True
        self._transcript.told("our side ended")
        with suppress(OSError, ProtocolError):  # whoever reads is told of it
            self._stream.finish()

    async def close(self) -> None:
        """
        Leave. What was sent goes out, and what the peer says to it goes to `on_received`, for 2 s at most.

        Nothing is waited for where a match followed the last of what was sent. Over TLS our side does not end
        before: see `end`.
        """
        try:
            if (self._waits_for_answer or self._stream.has_unsent) and not self._has_ended:
                with suppress(ConnectError, TimeoutError):
                    async with asyncio.timeout_at(self._lingers_until()):
                        if self.tls is None:
                            await self.end()
                        await self._skim_to_the_end()
        finally:
            await self.abort()

    def _lingers_until(self) -> float:
        until = asyncio.get_running_loop().time() + LINGER_SECONDS
        return until if self.ends_at is None else min(until, self.ends_at)

    async def abort(self) -> None:
        """Leave at once. Idempotent."""
        try:
            if not self._has_ended:
                self._has_ended = True
                self._transcript.ended("we left")
        finally:
            await self._stream.close()

    # Within

    async def _found(self, patterns: list[re.Pattern[str]], words: str) -> Matched:
        self._window.begin()
        since_rest_seconds = 0.0
        while True:
            matched, took_seconds = self._search(patterns)
            if matched is not None:
                return matched
            since_rest_seconds += took_seconds
            # a slow pattern leaves the loop to others for most of the time, and gets more at once after it
            if took_seconds > _RESTS_AFTER_SECONDS:
                await asyncio.sleep(_RESTS * took_seconds)
            elif since_rest_seconds > _RESTS_AFTER_SECONDS:
                await asyncio.sleep(0)
                since_rest_seconds = 0.0
            if self._window.has_more:
                continue
            if self._has_ended:
                raise self._ended(f"before {words} came")
            await self._receive()

    async def _skim_to_the_end(self) -> None:
        """Hear all that comes, and keep no more of it than is kept of what does not match."""
        while not self._has_ended:
            await self._receive()
            while self._window.has_more:
                self._window.search(())

    def _search(self, patterns: list[re.Pattern[str]]) -> tuple[Matched | None, float]:
        """What is found in one step, and the seconds that it took."""
        began_at = time.perf_counter()
        self.is_searching = True
        try:
            return self._window.search(patterns), time.perf_counter() - began_at
        finally:
            self.is_searching = False

    async def _receive(self) -> None:
        """Wait for the next of what comes, or the end, and pass it on."""
        data = b""
        try:
            data = await self._stream.read()
        except OSError as error:
            self._how_it_ended = f"the connection was lost: {words_of_error(error)}"
            self._is_lost = True
        except TlsFailed as error:
            self._how_it_ended = words_of_failure(error)[0]
            self._is_lost = True
        if data:
            await self._pass_on(self._telnet.receive_data(data))
            if answers := self._telnet.bytes_to_send():
                await self._stream.write(answers)
            return
        self._has_ended = True
        if self.was_cut and not self._is_lost:
            self._how_it_ended = _CUT
        await self._pass_on(self._telnet.receive_eof())
        self._window.receive(self._decoder.receive_eof())
        self._transcript.ended(self._how_it_ended)

    async def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        self._transcript.received(data)
        self._window.receive(self._decoder.receive_data(data))
        if self._on_received is not None:
            await self._on_received(data)

    async def _send(self, data: bytes) -> None:
        self._waits_for_answer = True
        async with self._within("send", "the peer does not read, so not all could be sent", None):
            try:
                await self._stream.write(self._telnet.escaped(data))
            except (OSError, ProtocolError) as error:
                await self._hear_the_rest(error)

    async def _hear_the_rest(self, error: Exception) -> None:
        """Take what the peer said before it left: mostly, why."""
        await self._skim_to_the_end()
        raise self._ended("before all was sent", phase="send") from error

    def _ended(self, when: str, *, phase: str = "read") -> PeerEnded:
        why = f": {NO_WORD_OF_THE_END}" if self._how_it_ended == _CUT else ""
        return PeerEnded(
            self.address,
            phase,
            f"{self._how_it_ended} {when}{why}",
            received=self.rest,
            dropped_characters=self._window.dropped_characters,
        )

    def _within(self, phase: str, problem: str, seconds: float | None) -> Deadline:
        """Put a bound on what is within: so many seconds, and no more than are left of all."""
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        is_last = self.ends_at is not None and (until is None or self.ends_at <= until)

        def over() -> NotInTime:
            total = f"{self._settings.seconds:g} s in all" if is_last else f"{seconds:g} s"
            return NotInTime(
                self.address,
                phase,
                f"{problem} within {total}",
                received=self.rest,
                dropped_characters=self._window.dropped_characters,
            )

        return Deadline(self.ends_at if is_last else until, over)


def _bytes_of(data: str | bytes) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
