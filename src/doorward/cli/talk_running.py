"""`doorward talk`, from the settings to the exit status: a script, a person, or what is piped in."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doorward.cli.screen import STATUS_INTERRUPTED, complain, complain_of, is_terminal
from doorward.cli.signals import EndedBySignal, until_signal
from doorward.cli.talk_alarm import Overdue, broken_off
from doorward.cli.talk_json import Told
from doorward.cli.talk_peer import pem_of, tls_json, tls_lines
from doorward.cli.talk_piped import pump
from doorward.cli.talk_shown import ShownText, note
from doorward.cli.talk_transcript import transcript_file
from doorward.clients._output import Output
from doorward.clients.talk.playing import Player
from doorward.clients.talk.script import Script, SendSecret
from doorward.clients.talk.session import NO_WORD_OF_THE_END, TalkSession
from doorward.clients.talk.settings import TalkSettings
from doorward.compose.talk_calls import talking
from doorward.core.errors import ConnectError
from doorward.core.outcome import STATUS_TIMED_OUT, STATUS_UNAVAILABLE
from doorward.core.secret import Secret
from doorward.core.talking import NotInTime, PeerEnded, Unmet, readable

if TYPE_CHECKING:
    from doorward.cli.talk_typing import Terminal

STATUS_PEER_ENDED = 3

_STDOUT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    What becomes of a conversation.

    Attributes:
        script: what is said; None for what a person types, or what is piped in.
        secrets: what the script sends that stands elsewhere.
        goes_on: after the script, a person types, or what is piped in is sent.
        line_end: what the LF of what is piped in becomes; empty for LF.
        half_closes: our side ends with what is piped in; None for where there is no TLS.
        transcript: a file; None for none.
        as_json: what came is told as JSON.
        only_certificate: nothing is said, and the certificate of the peer printed.
        is_quiet: nothing is told of the connection.
    """

    script: Script | None
    secrets: Mapping[SendSecret, Secret]
    goes_on: bool
    line_end: str
    half_closes: bool | None
    transcript: Path | None
    as_json: bool
    only_certificate: bool
    is_quiet: bool


def run(settings: TalkSettings, wishes: Wishes) -> int:
    """Have the conversation, and return the exit status."""
    told = Told()
    error: ConnectError | None = None
    try:
        with transcript_file(wishes.transcript) as write:
            status = asyncio.run(until_signal(_Talk(settings, wishes, told).run(write)))
    except EndedBySignal as ended:
        return ended.status
    except Overdue:
        problem = "the patterns take too long on what came: they try too many ways to match it"
        error = NotInTime(settings.address, "read", problem, "Make them simpler, or --window smaller.")
        status = STATUS_TIMED_OUT
    except (NotInTime, PeerEnded) as unmet:
        error = unmet
        status = STATUS_TIMED_OUT if isinstance(unmet, NotInTime) else STATUS_PEER_ENDED
    except ConnectError as failed:
        error, status = failed, STATUS_UNAVAILABLE
    if error is not None:
        complain_of(error)
    if isinstance(error, Unmet) and wishes.script is not None:
        _show_received(error)
        told.rest = readable(error.received)
    if wishes.as_json:
        told.print(settings.address, error, status)
    return status


class _Talk:
    """One conversation."""

    def __init__(self, settings: TalkSettings, wishes: Wishes, told: Told) -> None:
        self._settings = settings
        self._wishes = wishes
        self._told = told
        self._is_typed = is_terminal(sys.stdin) and is_terminal(sys.stdout)
        self._is_safe = is_terminal(sys.stdout)
        self._text = ShownText()
        self._terminal: Terminal | None = None

    async def run(self, write: Callable[[str], object] | None) -> int:
        with closing(Output()) as self._output:
            async with talking(self._settings, write=write, on_received=self._received) as session:
                self._tell(session)
                if self._wishes.only_certificate:
                    return await self._certificate(session)
                status = 0
                if self._wishes.script is not None:
                    status = await self._play(session, self._wishes.script)
                if self._wishes.script is None or self._wishes.goes_on:
                    return await self._go_on(session) or status
            # what the peer said last came as we left
            self._told.rest += readable(session.rest)
        return status

    async def _play(self, session: TalkSession, script: Script) -> int:
        on_matched = partial(self._told.matched, without_secrets=session.without_secrets)
        player = Player(session, self._wishes.secrets, on_matched)
        try:
            with broken_off(session):
                status = await player.play(script)
        finally:
            self._told.was_cut = session.was_cut
        self._told.rest = readable(player.rest)
        if player.has_heard_end:
            self._note_cut(session)
        return status

    async def _received(self, data: bytes) -> None:
        if self._terminal is not None:
            await self._terminal.received(data)
        elif not self._wishes.as_json:
            shown = self._text.safe(data).encode() if self._is_safe else data
            await self._output.write(_STDOUT, shown)

    def _tell(self, session: TalkSession) -> None:
        self._told.tls = tls_json(session) if self._wishes.as_json else None
        if not self._settings.is_checked:
            # this is said whatever else is not
            complain(
                f"{session.address}: --insecure: nobody looked whose certificate this is; anybody may read "
                "and change what is said"
            )
        if self._wishes.is_quiet or self._wishes.only_certificate:
            return
        for line in tls_lines(session):
            note(line)

    async def _certificate(self, session: TalkSession) -> int:
        await self._output.write(_STDOUT, pem_of(session).encode())
        return 0

    async def _go_on(self, session: TalkSession) -> int:
        if self._wishes.goes_on:
            session.ends_at = None
        if self._is_typed:
            self._terminal = _terminal()
            if not self._wishes.is_quiet:
                note("Ctrl-D ends your side, Ctrl-C leaves, Ctrl-T hides or shows what you type.")
            if not await self._terminal.talk(session):
                return STATUS_INTERRUPTED
        else:
            half_closes = self._wishes.half_closes
            await pump(
                session,
                line_end=self._wishes.line_end,
                half_closes=session.tls is None if half_closes is None else half_closes,
            )
        self._note_cut(session)
        return 0

    def _note_cut(self, session: TalkSession) -> None:
        if session.was_cut and not self._wishes.is_quiet:
            complain(f"{session.address}: {NO_WORD_OF_THE_END}")


def _terminal() -> "Terminal":
    from doorward.cli.talk_history import TalkHistory, history_file
    from doorward.cli.talk_typing import Terminal

    file = history_file(os.environ)
    return Terminal(lambda keeps: TalkHistory(file, keeps), note)


def _show_received(error: Unmet) -> None:
    note("what came since the last match:" if error.received else "nothing came since the last match")
    if error.received:
        sys.stderr.write(f"{error.shown}\n")
