"""A script played in a conversation, step by step, with the status that tells how it went."""

from collections.abc import Callable, Mapping
from typing import assert_never

from doorward.clients.talk.script import (
    EndSide,
    Exit,
    Expect,
    ExpectEnd,
    Goto,
    Label,
    Script,
    Send,
    SendSecret,
    Step,
)
from doorward.clients.talk.session import TalkSession
from doorward.core.secret import Secret
from doorward.core.talking import Matched

OTHER_PATTERNS_FROM = 10
"""The status where the last `expect` was met by the pattern behind its Nth `or` is so much more than N."""

_MOST_STATUS = 99

OnMatched = Callable[[Expect, Matched], object]
"""Told of each match."""


class Player:
    """
    Plays one script in one conversation.

    Args:
        session: the conversation.
        secrets: what each step that sends one sends.
        on_matched: is told of each match.

    Attributes:
        rest: what came before the end that was waited for, without secrets; empty before.
        has_heard_end: the end was waited for, and came.
    """

    def __init__(
        self, session: TalkSession, secrets: Mapping[SendSecret, Secret], on_matched: OnMatched
    ) -> None:
        self._session = session
        self._secrets = secrets
        self._on_matched = on_matched
        self._last_index = 0
        self.rest = ""
        self.has_heard_end = False

    async def play(self, script: Script) -> int:
        """
        Play it.

        Returns:
            What an `exit` says. Else 0, or where the last `expect` was met by the pattern behind its Nth
            `or`, 10 and N, up to 99.

        Raises:
            PeerEnded, NotInTime: nothing that was waited for came.
            ConnectError: a secret may not be sent there.
        """
        labels = {step.name: number for number, step in enumerate(script.steps) if isinstance(step, Label)}
        number = 0
        while number < len(script.steps):
            match await self._do(script.steps[number]):
                case Goto(name):
                    number = labels[name]
                    await self._session.turn()
                case Exit(status):
                    return status
                case None:
                    number += 1
        return min(OTHER_PATTERNS_FROM + self._last_index, _MOST_STATUS) if self._last_index else 0

    async def _do(self, step: Step) -> Goto | Exit | None:
        match step:
            case Send(data, is_line):
                await (self._session.send_line(data) if is_line else self._session.send(data))
            case SendSecret():
                await self._session.send_secret(self._secrets[step])
            case ExpectEnd():
                text = await self._session.expect_end(may_be_cut=True)
                self.rest, self.has_heard_end = self._session.without_secrets(text), True
            case EndSide():
                await self._session.end()
            case Goto() | Exit():
                return step
            case Expect():
                return await self._expect(step)
            case Label():
                pass
            case _:
                assert_never(step)
        return None

    async def _expect(self, step: Expect) -> Goto | Exit | None:
        matched = await self._session.expect(*(branch.pattern for branch in step.branches))
        self._last_index = matched.index
        self._on_matched(step, matched)
        for each in step.branches[matched.index].steps:
            if (jump := await self._do(each)) is not None:
                return jump
        return None
