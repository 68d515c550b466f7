"""
The suite that every I/O model passes: one line session, the same answers, and nothing left behind.

A test class inherits `OnceModelContract` or `KeptModelContract` and gives two fixtures: `served`, a server in
a process of its own with the commands `echo`, `uptime`, `sleep SECONDS` and `count LAST`, and with `LIMITS`;
and `served_once`, another one that the test may end. `served` may be the same for all tests of a class.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.settings import Language
from doorward.core.units import KIB
from doorward.lines.client import ClientSession, OutputReceived, RunEnded
from doorward.lines.client import RunStarted as Started
from doorward.lines.phrases import PHRASES

LIMITS = Limits(
    timeout_seconds=0.6,
    output_bytes=64 * KIB,
    write_buffer_bytes=16 * KIB,
    first_line_seconds=0.6,
    idle_seconds=0.6,
    stalled_write_seconds=0.5,
)
"""What the server must keep to: short, so that nobody has to wait for them."""

GREETING = PHRASES[Language.ENGLISH].greeting
PEERS = 50
PATIENCE_SECONDS = 10.0
_SMALL_BYTES = 4 * KIB


@dataclass(frozen=True, slots=True)
class Served:
    """A server: its process, where it listens, and what it had open when nobody was there."""

    pid: int
    address: tuple[str, int]
    descriptors: int
    children: frozenset[int]

    def comes_to_rest(self) -> None:
        """Check that it has what it had at first, and nothing else, within `PATIENCE_SECONDS`."""
        _wait_until_as_before(self)


@dataclass(frozen=True, slots=True)
class Here:
    """Who is connected: one peer."""

    connection: socket.socket

    def say(self, *pieces: bytes) -> None:
        """Send `pieces`, each in a write of its own."""
        for piece in pieces:
            self.connection.sendall(piece)

    def end(self) -> None:
        """End our half."""
        self.connection.shutdown(socket.SHUT_WR)

    def hears(self, expected: bytes) -> None:
        """Check what comes next, exactly."""
        heard = b""
        while len(heard) < len(expected) and (data := self.connection.recv(len(expected) - len(heard))):
            heard += data
        expect(heard, expected)

    def hears_all(self) -> bytes:
        """All that comes until the server closes; a reset ends it too."""
        heard = bytearray()
        try:
            while data := self.connection.recv(64 * KIB):
                heard += data
        except ConnectionResetError:
            pass
        return bytes(heard)

    def reset(self) -> None:
        """Leave at once, so that the server hears of it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()


@contextmanager
def arrive(served: Served, *, receive_buffer_bytes: int = 0) -> Iterator[Here]:
    """Connect; the greeting was not read yet."""
    with socket.socket() as connection:
        if receive_buffer_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(served.address)
        yield Here(connection)


class ModelContract:
    """
    What holds whether a connection has one answer or many.

    Attributes:
        held_up_by: so many peers that are slow, in what they say or in what they ask, hold up everybody;
            0 when no number does that a test could bring together.
    """

    held_up_by: int = 0

    def test_fifty_peers_at_once_all_have_their_answer(self, served: Served) -> None:
        with ExitStack() as stack:
            peers = [stack.enter_context(arrive(served)) for _ in range(PEERS)]
            for number, peer in enumerate(peers):
                peer.say(b"echo number %d\n" % number)
                peer.end()
            for number, peer in enumerate(peers):
                expect(_words_of(peer.hears_all()), b"number %d" % number)

    def test_a_line_may_come_one_byte_at_a_time(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.hears(GREETING)
            peer.say(*(bytes([byte]) for byte in b"echo 'a  b' c\r\n"))
            peer.end()
            expect(_words_of(GREETING + peer.hears_all()), b"a  b c")

    def test_who_ends_their_half_hears_the_answer_of_a_child(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.say(b"count 3\n")
            peer.end()
            expect(peer.hears_all().removesuffix(GREETING), GREETING + b"1\n2\n3\n")

    def test_who_says_nothing_is_closed_after_the_patience(self, served: Served) -> None:
        with arrive(served) as peer:
            expect(peer.hears_all(), GREETING)

    def test_who_drips_is_closed_after_the_patience_too(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.hears(GREETING)
            began = time.monotonic()
            while time.monotonic() < began + PATIENCE_SECONDS:
                ready, _, _ = select.select([peer.connection], [], [], 0.1)
                if ready:
                    break
                peer.say(b"x")
            expect(peer.hears_all(), b"")
            expect(time.monotonic() - began < LIMITS.first_line_seconds + 2.0, True)

    def test_a_line_without_end_closes_and_others_are_served(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.say(b"x" * (LIMITS.line_bytes + 2))
            expect(peer.hears_all(), GREETING)
        _check_echo(served)

    def test_time_is_limited_and_told(self, served: Served) -> None:
        expect(_answer(served, b"sleep 1000\n"), b"stopped after 0.6 s\n")
        _wait_until_as_before(served)

    def test_output_is_limited_and_told(self, served: Served) -> None:
        heard = _answer(served, b"count 20000\n")
        whole = b"".join(b"%d\n" % number for number in range(1, 20_001))
        expect(heard, whole[: LIMITS.output_bytes] + b"\noutput cut at 65536 bytes\n")

    def test_all_that_is_within_the_limit_comes(self, served: Served) -> None:
        heard = _answer(served, b"count 12000\n")
        expect(heard, b"".join(b"%d\n" % number for number in range(1, 12_001)))

    def test_refusals_are_told(self, served: Served) -> None:
        expect(_answer(served, b"nothing-of-this-name\n"), b"I did not understand.\n")
        expect(_answer(served, b"sleep -1\n")[:4], b"Uh? ")
        expect(_answer(served, b"echo 'a\n")[:3], b"Uh?")
        expect(_answer(served, b"echo \xff\n"), b"Uh?\n")

    def test_a_slow_command_holds_up_whom_the_model_says(self, served: Served) -> None:
        with ExitStack() as stack:
            slow = [stack.enter_context(arrive(served)) for _ in range(max(self.held_up_by, 1))]
            for each in slow:
                each.hears(GREETING)
                each.say(b"sleep 1000\n")
            self._check_who_is_held_up(served, slow, b"stopped after 0.6 s\n")

    def test_a_peer_that_says_nothing_holds_up_whom_the_model_says(self, served: Served) -> None:
        with ExitStack() as stack:
            silent = [stack.enter_context(arrive(served)) for _ in range(max(self.held_up_by, 1))]
            for each in silent:
                each.hears(GREETING)
            self._check_who_is_held_up(served, silent, b"")

    def test_a_peer_that_never_reads_is_left_and_so_is_its_child(self, served: Served) -> None:
        with ExitStack() as stack:
            # more than its small buffer and ours hold, from many lines where one answer is too short
            deaf = [
                stack.enter_context(arrive(served, receive_buffer_bytes=_SMALL_BYTES))
                for _ in range(max(self.held_up_by, 1))
            ]
            for each in deaf:
                each.say(b"count 100000\n" * 8)
            _check_echo(served)
            for each in deaf:
                each.reset()
        _wait_until_as_before(served)

    def test_a_peer_that_resets_takes_its_child_along(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.hears(GREETING)
            peer.say(b"sleep 1000\n")
            child = _wait_for_child(served)
            peer.reset()
        _wait_for_end(child)
        _wait_until_as_before(served)

    def test_peers_that_leave_at_any_moment_leave_nothing(self, served: Served) -> None:
        for sent in (b"", b"ec", b"echo a\n", b"uptime\n", b"count 100000\n"):
            with arrive(served) as peer:
                peer.say(sent)
                peer.reset()
        _check_echo(served)
        _wait_until_as_before(served)

    def test_the_end_of_the_server_ends_peers_and_children(self, served_once: Served) -> None:
        served = served_once
        with arrive(served) as asking, arrive(served):
            asking.hears(GREETING)
            asking.say(b"sleep 1000\n")
            child = _wait_for_child(served)
            others = [os.pidfd_open(pid) for pid in _descendants(served.pid) if _is_alive(pid)]
            os.kill(served.pid, signal.SIGTERM)
            asking.hears_all()
            _wait_for_end(child)
            for each in others:
                _wait_for_end(each)
        # whoever started it waits for it
        ended = os.waitid(os.P_PID, served.pid, os.WEXITED | os.WNOWAIT)
        expect(ended and (ended.si_code, ended.si_status), (os.CLD_EXITED, 0))

    def test_programs_speak_frames(self, served: Served) -> None:
        with arrive(served) as peer:
            session = ClientSession(LIMITS)
            peer.say(session.hello(), session.line("count 2"))
            seen = list(_events_of(peer, session))
            expect(any(isinstance(event, Started) for event in seen), True)
            said = b"".join(event.data for event in seen if isinstance(event, OutputReceived))
            expect(said, b"1\n2\n")
            expect(seen[-1], RunEnded(Outcome(OutcomeKind.EXITED), {"kind": "exited", "exit_status": 0}))

    def _check_who_is_held_up(self, served: Served, slow: list[Here], ending: bytes) -> None:
        with arrive(served) as other:
            other.say(b"echo me\n")
            other.end()
            watched = [other.connection, *(each.connection for each in slow)]
            first, _, _ = select.select(watched, [], [], PATIENCE_SECONDS)
            # when it had to wait, a slow one was done before, even if both are by the time we look
            expect(any(each.connection in first for each in slow), bool(self.held_up_by))
            expect(_words_of(other.hears_all()), b"me")
        for each in slow:
            each.end()
            expect(each.hears_all().removesuffix(GREETING), ending)


class OnceModelContract(ModelContract):
    """A model with one answer a connection."""

    def test_the_server_closes_after_its_answer(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.hears(GREETING)
            peer.say(b"count 2\ncount 3\n")
            expect(peer.hears_all(), b"1\n2\n")


class KeptModelContract(ModelContract):
    """A model with many answers a connection."""

    def test_lines_are_answered_one_after_the_other(self, served: Served) -> None:
        with arrive(served) as peer:
            peer.hears(GREETING)
            for _ in range(3):
                peer.say(b"count 2\n")
                peer.hears(b"1\n2\n" + GREETING)
            peer.say(b"count 1\ncount 2\nquit\n")
            expect(peer.hears_all(), b"1\n" + GREETING + b"1\n2\n" + GREETING)


def expect(found: object, expected: object) -> None:
    """Check that they are equal; a plain function, because a shipped suite has no rewritten asserts."""
    if found != expected:
        raise AssertionError(f"found {_shortened(found)}, expected {_shortened(expected)}")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]} ... {text[-200:]}"


def _answer(served: Served, line: bytes) -> bytes:
    with arrive(served) as peer:
        peer.hears(GREETING)
        peer.say(line)
        peer.end()
        return peer.hears_all().removesuffix(GREETING)


def _check_echo(served: Served) -> None:
    expect(_words_of(GREETING + _answer(served, b"echo still there\n")), b"still there")


def _words_of(heard: bytes) -> bytes:
    """The words that `echo` said again, out of all that was heard from the greeting on."""
    expect(heard[: len(GREETING)], GREETING)
    line = heard.removeprefix(GREETING).removesuffix(GREETING)
    number, _, words = line.removeprefix(b"You are one of ").partition(b": ")
    if not number.isdigit() or not line.endswith(b"\n"):
        raise AssertionError(f"found {_shortened(line)}, expected an answer to echo")
    return words.removesuffix(b"\n")


def _events_of(peer: Here, session: ClientSession) -> Iterator[object]:
    """What the server says until the end of a run."""
    while data := peer.connection.recv(64 * KIB):
        session.receive_data(data)
        while (event := session.next_event()) is not None:
            yield event
            if isinstance(event, RunEnded):
                return


def _descendants(pid: int) -> set[int]:
    """Every process below `pid`, ended and unreaped ones too."""
    found: set[int] = set()
    for task in _listed(f"/proc/{pid}/task"):
        try:
            children = {int(word) for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()}
        except OSError:
            continue
        for child in children:
            found |= {child} | _descendants(child)
    return found


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def count_descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(_listed(f"/proc/{pid}/fd"))


def describe_served(pid: int, address: tuple[str, int]) -> Served:
    """A server that was just started; it is asked once, so that what it opens for ever is open."""
    blank = Served(pid, address, 0, frozenset())
    _answer(blank, b"uptime\n")
    before = _opened(blank)
    for _ in _looks():
        now = _opened(blank)
        if now == before:
            return Served(pid, address, *now)
        before = now
    raise AssertionError("the server does not come to rest")


def _opened(served: Served) -> tuple[int, frozenset[int]]:
    return count_descriptors(served.pid), frozenset(_descendants(served.pid))


def _looks() -> Iterator[None]:
    """Times to look, within a bound: of a descriptor that was closed nobody is told."""
    by = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < by:
        select.select([], [], [], 0.02)
        yield


def _wait_until_as_before(served: Served) -> None:
    """Wait until the server has what it had at first."""
    for _ in _looks():
        if _opened(served) == (served.descriptors, served.children):
            return
    expect(_opened(served), (served.descriptors, served.children))


def _wait_for_child(served: Served) -> int:
    """A descriptor of the `sleep` that somebody asked for, once it is there."""
    by = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < by:
        for pid in _descendants(served.pid):
            try:
                descriptor = os.pidfd_open(pid)
                if Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
                    return descriptor
                os.close(descriptor)
            except OSError:
                continue
    raise AssertionError("no child was started")


def _wait_for_end(descriptor: int) -> None:
    """Wait until the process behind a descriptor of pidfd_open has ended, and close the descriptor."""
    ready, _, _ = select.select([descriptor], [], [], PATIENCE_SECONDS)
    os.close(descriptor)
    expect(bool(ready), True)
