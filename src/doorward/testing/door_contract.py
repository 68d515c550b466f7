"""
The suite that doors pass.

Every door passes what it does for programs; line doors, whatever their transport, also text once, text kept,
and frames. A test class inherits the part that fits and gives the fixtures that it takes. `program` makes
somebody who asks as a program of that door does, see `Asking`. `dial` connects and, where the door wants it,
logs in: what comes next is the greeting. `connect` connects and says nothing yet; without a login that is the
same. Behind them is a daemon with the commands of `COMMANDS`.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.settings import Language
from doorward.lines.client import (
    ClientEvent,
    ClientSession,
    LoginWanted,
    NoFrames,
    OutputReceived,
    Ready,
    RunEnded,
)
from doorward.lines.client import RunStarted as Started
from doorward.lines.phrases import PHRASES, Phrases

COMMANDS = """
[commands.lines]
run = ["printf", 'one\\ntwo\\n']
roles = ["guest"]
[commands.unended]
run = ["printf", "no line ending"]
roles = ["guest"]
[commands.both]
run = ["sh", "-c", "echo out; echo err >&2; exit 3"]
roles = ["guest"]
[commands.killed]
run = ["sh", "-c", "kill -9 $$"]
roles = ["guest"]
[commands.slow]
run = ["sleep", "1000"]
timeout_seconds = 0.2
roles = ["guest"]
[commands.flood]
run = ["seq", "1", "100000"]
output_bytes = 1001
roles = ["guest"]
[commands.copy]
run = ["cat"]
input = true
roles = ["guest"]
[commands.hold]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
roles = ["guest"]
"""
"""What the daemon behind the door declares, beside the built-ins, with the default limits."""

Dial = Callable[[], socket.socket]


class AnswersContract:
    """
    What holds however many lines a connection may have.

    Attributes:
        phrases: what the door greets with.
        half_closes: the transport lets a peer end its half and still hear the answer.
        login: the line that logs in; empty where there is no login.
    """

    phrases: Phrases = PHRASES[Language.ENGLISH]
    half_closes: bool = True
    login: str = ""

    def ask(self, dial: Dial, *pieces: bytes) -> bytes:
        """What one hears after the greeting who sends `pieces`, ends their half if they can, and listens."""
        with dial() as peer:
            expect(receive_exactly(peer, len(self.phrases.greeting)), self.phrases.greeting)
            for piece in pieces:
                peer.sendall(piece)
            if self.half_closes:
                peer.shutdown(socket.SHUT_WR)
            return self.until_end(peer)

    def until_end(self, peer: socket.socket) -> bytes:
        """What is heard until the server is done with the line: closes, or greets again."""
        raise NotImplementedError

    def test_output_comes_byte_for_byte(self, dial: Dial) -> None:
        expect(self.ask(dial, b"lines\n"), b"one\ntwo\n")

    def test_crlf_ends_a_line_too(self, dial: Dial) -> None:
        expect(self.ask(dial, b"lines\r\n"), b"one\ntwo\n")

    def test_a_line_may_come_one_byte_at_a_time(self, dial: Dial) -> None:
        expect(self.ask(dial, *(bytes([byte]) for byte in b"echo 'a  b' c\r\n")), b"a  b c\n")

    def test_streams_come_together_and_a_status_comes_last(self, dial: Dial) -> None:
        heard = self.ask(dial, b"both\n").splitlines()
        expect(sorted(heard[:2]), [b"err", b"out"])
        expect(heard[2:], [b"exit status 3"])

    def test_a_signal_is_told(self, dial: Dial) -> None:
        expect(self.ask(dial, b"killed\n"), b"killed by signal 9\n")

    def test_a_time_limit_is_told(self, dial: Dial) -> None:
        expect(self.ask(dial, b"slow\n"), b"stopped after 0.2 s\n")

    def test_cut_output_says_so_after_a_line_ending_of_its_own(self, dial: Dial) -> None:
        whole = b"".join(b"%d\n" % number for number in range(1, 1000))
        expect(self.ask(dial, b"flood\n"), whole[:1001] + b"\noutput cut at 1001 bytes\n")

    def test_an_unknown_command_is_not_understood(self, dial: Dial) -> None:
        expect(self.ask(dial, b"nothing-of-this-name\n"), self.phrases.not_understood)

    def test_a_bad_argument_is_told_in_one_line(self, dial: Dial) -> None:
        heard = self.ask(dial, b"help form=xml\n")
        expect((heard[:4], heard.count(b"\n")), (b"Uh? ", 1))

    def test_an_open_quote_and_bad_utf8_are_no_words(self, dial: Dial) -> None:
        expect(self.ask(dial, b"echo 'a\n"), b"Uh?\n")
        expect(self.ask(dial, b"echo \xff\n"), b"Uh?\n")

    def test_utf8_comes_back_as_it_went(self, dial: Dial) -> None:
        expect(self.ask(dial, "echo 'déjà  vu' ☃\n".encode()), "déjà  vu ☃\n".encode())

    def test_a_line_that_the_end_cut_short_is_not_run(self, dial: Dial) -> None:
        if self.half_closes:
            expect(self.ask(dial, b"lines"), b"Uh?\n")

    def test_a_peer_that_says_nothing_hears_nothing_more(self, dial: Dial) -> None:
        if self.half_closes:
            expect(self.ask(dial), b"")

    def test_the_first_line_of_http_closes(self, connect: Dial) -> None:
        for line in (b"GET / HTTP/1.1\r\n", b"POST /echo HTTP/1.0\r\n"):
            with connect() as peer:
                peer.sendall(line)
                expect(receive_all(peer), self.phrases.password if self.login else self.phrases.greeting)

    def test_a_line_without_end_closes(self, dial: Dial) -> None:
        with dial() as peer:
            peer.sendall(b"x" * (Limits().line_bytes + 2))
            expect(receive_all(peer), self.phrases.greeting)

    def test_the_longest_line_is_read(self, dial: Dial) -> None:
        word = b"x" * 4096
        line = b"echo %b %b" % (word, word[: Limits().line_bytes - 4096 - 6])
        expect(len(line), Limits().line_bytes)
        expect(self.ask(dial, line + b"\r\n"), line.removeprefix(b"echo ") + b"\n")

    def test_a_peer_that_resets_leaves_the_door_open_for_others(self, dial: Dial) -> None:
        for sent in (b"", b"lin", b"hold\n"):
            peer = dial()
            receive_exactly(peer, len(self.phrases.greeting))
            peer.sendall(sent)
            peer.close()
        expect(self.ask(dial, b"lines\n"), b"one\ntwo\n")


class Asking(Protocol):
    """A program that asks at a door, one line after the other, and hears all of each answer."""

    def ask(self, line: str, *, stdin: bytes | None = None) -> Outcome:
        """Ask, hand over all of `stdin` and its end, and hear the answer to its end."""

    def ask_and_cancel(self, line: str) -> Outcome:
        """Ask, cancel once there is some output, and hear how it ended."""

    def of(self, stream: Stream) -> bytes:
        """The output of the newest answer on one stream."""


MakeProgram = Callable[[], AbstractContextManager[Asking]]


class ProgramsContract:
    """What every door does for programs, whatever they speak there."""

    def test_streams_and_status_come_apart(self, program: MakeProgram) -> None:
        with program() as asked:
            expect(asked.ask("both"), Outcome(OutcomeKind.EXITED, status=3))
            expect((asked.of(Stream.OUT), asked.of(Stream.ERR)), (b"out\n", b"err\n"))

    def test_many_lines_may_come_one_after_the_other(self, program: MakeProgram) -> None:
        with program() as asked:
            for _ in range(3):
                expect(asked.ask("lines"), Outcome(OutcomeKind.EXITED))
                expect(asked.of(Stream.OUT), b"one\ntwo\n")

    def test_output_is_given_as_it_was_written(self, program: MakeProgram) -> None:
        with program() as asked:
            asked.ask("unended")
            expect(asked.of(Stream.OUT), b"no line ending")
            asked.ask("echo 'déjà  vu' ☃")
            expect(asked.of(Stream.OUT), "déjà  vu ☃\n".encode())

    def test_every_outcome_is_told(self, program: MakeProgram) -> None:
        outcomes = {
            "killed": Outcome(OutcomeKind.SIGNALLED, signal=9),
            "slow": Outcome(OutcomeKind.TIMED_OUT, signal=15, after_seconds=0.2),
            "flood": Outcome(OutcomeKind.EXITED, cut_at_bytes=1001),
        }
        with program() as asked:
            for line, outcome in outcomes.items():
                expect(asked.ask(line), outcome)
            expect(len(asked.of(Stream.OUT)), 1001)
            expect(asked.ask("nothing-of-this-name").kind, OutcomeKind.UNKNOWN)
            expect(asked.ask("help form=xml").kind, OutcomeKind.INVALID)
            expect(asked.ask("echo 'a").kind, OutcomeKind.INVALID)

    def test_input_reaches_the_command_and_ends(self, program: MakeProgram) -> None:
        sent = bytes(range(256)) * 1024
        with program() as asked:
            expect(asked.ask("copy", stdin=sent), Outcome(OutcomeKind.EXITED))
            expect(asked.of(Stream.OUT), sent)

    def test_cancel_ends_the_run_and_one_may_go_on(self, program: MakeProgram) -> None:
        with program() as asked:
            expect(asked.ask_and_cancel("hold"), Outcome(OutcomeKind.CANCELLED, signal=15))
            expect(asked.ask("lines"), Outcome(OutcomeKind.EXITED))


class FramesContract(ProgramsContract):
    """
    What holds for programs that speak frames, whether the door is for one line or for many.

    Attributes:
        login: the line that logs in; empty where there is no login.
    """

    login: str = ""

    def test_what_comes_after_an_answer_is_not_taken_for_a_line(self, connect: Dial) -> None:
        with connect() as peer:
            asked = Asker(peer, login=self.login)
            expect(asked.ask("lines").kind, OutcomeKind.EXITED)
            late = asked.session.cancel() + asked.session.input(b"lines\n") + asked.session.end_input()
            peer.sendall(late)
            expect(asked.ask("both"), Outcome(OutcomeKind.EXITED, status=3))

    def test_what_is_no_frame_closes(self, connect: Dial) -> None:
        for broken in (
            b"uptime\n",
            b"line 99999999\n",
            b"out 0\n",
            b"line -1\n",
            b"x" * 100,
            b"line 05\nlines",
        ):
            with connect() as peer:
                asked = Asker(peer, login=self.login)
                if not self.login:
                    asked.until(Ready)
                peer.sendall(broken)
                expect(receive_all(peer), b"")

    def test_quit_ends_the_connection(self, connect: Dial) -> None:
        with connect() as peer:
            asked = Asker(peer, login=self.login)
            expect(asked.ask("quit"), Outcome(OutcomeKind.EXITED))
            expect(receive_all(peer), b"")


class OnceDoorContract(AnswersContract, FramesContract):
    """A line door with `session = "once"`."""

    def until_end(self, peer: socket.socket) -> bytes:
        """All up to the close."""
        return receive_all(peer)

    def test_output_is_not_touched(self, dial: Dial) -> None:
        expect(self.ask(dial, b"unended\n"), b"no line ending")

    def test_a_second_line_in_one_packet_changes_nothing(self, dial: Dial) -> None:
        expect(self.ask(dial, b"lines\nboth\n"), b"one\ntwo\n")

    def test_a_flood_after_the_line_does_not_cost_the_answer(self, dial: Dial) -> None:
        expect(self.ask(dial, b"lines\n" + b"both\n" * 5000), b"one\ntwo\n")

    def test_input_follows_the_line_until_the_half_close(self, dial: Dial) -> None:
        if self.half_closes:
            expect(self.ask(dial, b"copy\na\n", b"b\0\xff"), b"a\nb\0\xff")


class KeptDoorContract(AnswersContract, FramesContract):
    """A line door with `session = "keep"`."""

    def until_end(self, peer: socket.socket) -> bytes:
        """
        All up to the next greeting, which is not given.

        Where the peer has ended its half, the server closes after that; where it cannot, the peer quits.
        """
        if not self.half_closes:
            peer.sendall(b"quit\n")
        heard = receive_all(peer)
        # one who asked nothing is not greeted again, and one who quits neither
        return heard.removesuffix(self.phrases.greeting)

    def test_it_greets_again_on_a_line_of_its_own(self, dial: Dial) -> None:
        expect(self.ask(dial, b"unended\n"), b"no line ending\n")

    def test_lines_in_one_packet_are_answered_in_their_order(self, dial: Dial) -> None:
        between = b"\n" + self.phrases.greeting
        expect(
            self.ask(dial, b"echo 1\r\nunended\necho 2\nquit\necho 3\n"),
            b"1" + between + b"no line ending" + between + b"2\n",
        )

    def test_what_ends_an_answer_leaves_the_next_line_a_line(self, dial: Dial) -> None:
        heard = self.ask(dial, b"copy\nlines\n")
        # nothing tells input from lines here, and a command that wants some is refused
        if not heard.startswith(b"Uh? it reads input"):
            raise AssertionError(f"heard {_short(heard)}, expected a refusal")
        expect(heard.partition(b"\n")[2], self.phrases.greeting + b"one\ntwo\n")

    def test_quit_closes(self, dial: Dial) -> None:
        with dial() as peer:
            peer.sendall(b"quit\n")
            expect(receive_all(peer), self.phrases.greeting)


@contextmanager
def framed(connect: Dial, *, login: str = "") -> Iterator["Asker"]:
    """A program that speaks frames on a connection of its own."""
    with connect() as peer:
        yield Asker(peer, login=login)


class Asker:
    """
    The program's side of frames over a socket: an `Asking`.

    Attributes:
        session: what it is driven by.
        said: the output of the newest answer.
    """

    def __init__(self, peer: socket.socket, *, login: str = "") -> None:
        self.session = ClientSession(Limits())
        self.said: list[OutputReceived] = []
        self._peer = peer
        peer.sendall(self.session.hello())
        if login:
            expect(type(self._next()), LoginWanted)
            peer.sendall(self.session.line(login))
            expect(type(self._next()), Ready)

    def begin(self, line: str) -> None:
        """Ask, and do not wait."""
        self.said.clear()
        self._peer.sendall(self.session.line(line))

    def ask(self, line: str, *, stdin: bytes | None = None) -> Outcome:
        """See `Asking`."""
        self.begin(line)
        if stdin is not None:
            self.until(Started)
            self._peer.sendall(self.session.input(stdin) + self.session.end_input())
        return self.end()

    def ask_and_cancel(self, line: str) -> Outcome:
        """See `Asking`."""
        self.begin(line)
        self.until(OutputReceived)
        self._peer.sendall(self.session.cancel())
        return self.end()

    def end(self) -> Outcome:
        """Hear the answer to its end."""
        ended = self.until(RunEnded)
        if not isinstance(ended, RunEnded):
            raise AssertionError(f"no end: {ended}")
        return ended.outcome

    def until(self, kind: type[ClientEvent]) -> ClientEvent:
        """The next event of this kind; output up to it is kept."""
        while True:
            event = self._next()
            if isinstance(event, OutputReceived):
                self.said.append(event)
            if isinstance(event, NoFrames | LoginWanted):
                raise AssertionError(f"unexpected: {event}")
            if isinstance(event, kind):
                return event

    def of(self, stream: Stream) -> bytes:
        """See `Asking`."""
        return b"".join(said.data for said in self.said if said.stream is stream)

    def _next(self) -> ClientEvent:
        while (event := self.session.next_event()) is None:
            data = self._peer.recv(64 * 1024)
            if not data:
                raise AssertionError("the server closed")
            self.session.receive_data(data)
        return event


def receive_all(peer: socket.socket) -> bytes:
    """Everything up to the end, which is no reset."""
    return b"".join(iter(lambda: peer.recv(64 * 1024), b""))


def receive_exactly(peer: socket.socket, length_bytes: int) -> bytes:
    """So many bytes, or what came before the end."""
    received = b""
    while len(received) < length_bytes and (data := peer.recv(length_bytes - len(received))):
        received += data
    return received


def expect(heard: object, wanted: object) -> None:
    """
    Make sure of what was heard.

    Raises:
        AssertionError: it is something else.
    """
    if heard != wanted:
        raise AssertionError(f"heard {_short(heard)}, expected {_short(wanted)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 2000 else f"{text[:1000]} ... {text[-1000:]}"
