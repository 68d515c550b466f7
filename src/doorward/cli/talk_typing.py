"""
A conversation that a person types, on a terminal: lines are edited below what comes, and remembered.

Imported when somebody sits there: prompt_toolkit takes 20 MB and 200 ms.
"""

from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from doorward.cli.beside import beside
from doorward.cli.talk_history import TalkHistory
from doorward.cli.talk_shown import ShownText
from doorward.clients.talk.secrecy import asks_for_secret, secret_in
from doorward.clients.talk.session import TalkSession
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret

_UNFINISHED_CHARACTERS = 2000
"""Of a line that has not ended, so many stand before what is typed; the rest was shown as lines."""


class _Interrupted(Exception):
    """Ctrl-C; never leaves this file."""


class Terminal:
    """
    The terminal of one conversation. `received` is what a `TalkSession` gives what comes.

    Args:
        history: of what was typed before; made with what says whether a line may be kept.
        note: tells a person something.
    """

    def __init__(
        self, history: Callable[[Callable[[], bool]], TalkHistory], note: Callable[[str], None]
    ) -> None:
        self._text = ShownText()
        self._unfinished = ""
        self._last_line = ""
        self._wants_hidden: bool | None = None
        self._note = note
        self._prompt: PromptSession[str] = PromptSession(
            lambda: self._unfinished,
            history=history(lambda: not self.hides),
            is_password=Condition(lambda: self.hides),
            key_bindings=self._keys(),
            complete_while_typing=False,
            enable_suspend=True,
            interrupt_exception=_Interrupted,
            enable_open_in_editor=False,
            mouse_support=False,
        )

    @property
    def hides(self) -> bool:
        """Whether what is typed is not shown, and not kept."""
        if self._wants_hidden is not None:
            return self._wants_hidden
        is_asked = asks_for_secret(self._unfinished or self._last_line)
        return is_asked or bool(secret_in(self._prompt.default_buffer.text))

    async def received(self, data: bytes) -> None:
        """Show what came: lines above the one that is edited, what has not ended before it."""
        *lines, self._unfinished = (self._unfinished + self._text.safe(data)).split("\n")
        while len(self._unfinished) > _UNFINISHED_CHARACTERS:
            lines.append(self._unfinished[:_UNFINISHED_CHARACTERS])
            self._unfinished = self._unfinished[_UNFINISHED_CHARACTERS:]
        if lines:
            self._last_line = next((line for line in reversed(lines) if line.strip()), self._last_line)
            await self._show("".join(f"{line}\n" for line in lines))
        self._prompt.app.invalidate()

    async def talk(self, session: TalkSession) -> bool:
        """
        Send what is typed and show what comes, until the peer ends it.

        Returns:
            Whether it did; otherwise a person left with Ctrl-C.

        Raises:
            ConnectError: the connection was lost.
        """
        try:
            async with beside(self._type(session)):
                while await session.read():
                    pass
                # what was typed and not sent goes, with the prompt
                self._prompt.app.erase_when_done = True
        except _Interrupted:
            return False
        rest = self._unfinished + self._text.rest()
        if rest:
            await self._show(f"{rest}\n")
        return True

    async def _type(self, session: TalkSession) -> None:
        while True:
            try:
                line = await self._prompt.prompt_async(handle_sigint=False)
            except EOFError:
                await session.end()
                self._note("Our side has ended; Ctrl-C leaves.")
                return
            was_hidden, self._wants_hidden = self.hides, None
            self._unfinished, self._last_line = "", ""
            try:
                await (session.send_secret(Secret(line)) if was_hidden else session.send_line(line))
            except ConnectError as error:
                self._note(f"{error.problem}. {error.next_step}")

    async def _show(self, text: str) -> None:
        output = self._prompt.app.output
        if self._prompt.app.is_running:
            await run_in_terminal(lambda: _write(output, text))
        else:
            _write(output, text)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-t")
        def _turn(_event: KeyPressEvent) -> None:
            self._wants_hidden = not self.hides

        return keys


def _write(output: Output, text: str) -> None:
    output.write_raw(text.replace("\n", "\r\n"))
    output.flush()
