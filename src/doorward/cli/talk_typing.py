"""
A conversation that a person types, on a terminal: lines are edited below what comes, and remembered.

Imported when somebody sits there: prompt_toolkit takes 20 MB and 200 ms.
"""

import errno
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from doorward.cli.beside import beside
from doorward.cli.screen import give_up_stdout
from doorward.cli.signals import EndedBySignal
from doorward.cli.talk_hiding import Hiding
from doorward.cli.talk_history import TalkHistory
from doorward.cli.talk_shown import ShownText
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
        self._hiding = Hiding()
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
            reserve_space_for_menu=0,
            output=_output(),
        )
        self._prompt.default_buffer.on_text_changed += lambda buffer: self._hiding.typed(buffer.text)

    @property
    def hides(self) -> bool:
        """Whether what is typed is not shown, and not kept."""
        return self._hiding.hides(self._prompt.default_buffer.text)

    async def received(self, data: bytes) -> None:
        """Show what came: lines above the one that is edited, what has not ended before it."""
        *lines, self._unfinished = (self._unfinished + self._text.safe(data)).split("\n")
        while len(self._unfinished) > _UNFINISHED_CHARACTERS:
            lines.append(self._unfinished[:_UNFINISHED_CHARACTERS])
            self._unfinished = self._unfinished[_UNFINISHED_CHARACTERS:]
        self._hiding.came(lines, self._unfinished)
        if lines:
            self._show("".join(f"{line}\n" for line in lines))
        self._prompt.app.invalidate()

    async def talk(self, session: TalkSession) -> bool:
        """
        Send what is typed and show what comes, until the peer ends it.

        Returns:
            Whether it did; otherwise a person left with Ctrl-C.

        Raises:
            ConnectError: the connection was lost.
            EndedBySignal: the terminal hung up.
        """
        with _hang_up_told():
            return await self._talk(session)

    async def _talk(self, session: TalkSession) -> bool:
        try:
            async with beside(self._type(session)):
                while await session.read():
                    pass
                # what was typed and not sent goes, with the prompt
                self._prompt.app.erase_when_done = True
        except _Interrupted:
            await session.abort()
            return False
        rest = self._unfinished + self._text.rest()
        if rest:
            self._show(f"{rest}\n")
        return True

    async def _type(self, session: TalkSession) -> None:
        with keys_kept(self._prompt.input.fileno(), self._prompt.output):
            while True:
                try:
                    text = await self._prompt.prompt_async(handle_sigint=False)
                except EOFError:
                    await session.end()
                    return self._note("Our side has ended; Ctrl-C leaves.")
                self._mark_pastes()
                self._unfinished = ""
                await self._send(session, typed_lines(text), are_secret=self._hiding.take(text))

    async def _send(self, session: TalkSession, lines: list[str], *, are_secret: bool) -> None:
        """Send them, up to the first that does not go."""
        try:
            for line in lines:
                self._hiding.said(line)
                await (session.send_secret(Secret(line)) if are_secret else session.send_line(line))
        except ConnectError as error:
            self._hiding.refused()
            self._note(f"{error.problem}. {error.next_step}")

    def _show(self, text: str) -> None:
        """Write it above what is typed. `run_in_terminal` would have the kernel edit lines meanwhile."""
        app = self._prompt.app
        if app.is_running:
            app.renderer.erase()
            self._mark_pastes()
        app.output.write_raw(text.replace("\n", "\r\n"))
        app.output.flush()

    def _mark_pastes(self) -> None:
        """Have the terminal say what is pasted, also while no line is there to be edited."""
        self._prompt.output.enable_bracketed_paste()
        self._prompt.output.flush()

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-t")
        def _turn(_event: KeyPressEvent) -> None:
            self._hiding.turn(self._prompt.default_buffer.text)

        return keys


def typed_lines(text: str) -> list[str]:
    """The lines of what was typed, or pasted with an end behind the last of several."""
    return text.removesuffix("\n").split("\n")


def _output() -> Output:
    """The terminal; where its cursor is, is not asked: an answer would be too late once more has come."""
    output = create_output()
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output


@contextmanager
def _hang_up_told() -> Iterator[None]:
    """
    Within, take what fails on a terminal that hung up for the SIGHUP that says so.

    Either may be seen first, and what puts the terminal back fails in any case.
    """
    try:
        yield
    except (OSError, termios.error) as error:
        if errno.EIO not in error.args[:1]:
            raise
        give_up_stdout()
        raise EndedBySignal(signal.SIGHUP) from error


@contextmanager
def keys_kept(descriptor: int, output: Output) -> Iterator[None]:
    """
    Within, have a terminal keep keys while nobody reads them, and show none; Ctrl-C is a signal then.

    The kernel would otherwise edit lines itself, echo them amid what comes, and lose what is longer than one.
    """
    before = termios.tcgetattr(descriptor)
    kept = termios.tcgetattr(descriptor)
    kept[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSANOW, kept)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
        output.disable_bracketed_paste()
        output.flush()
