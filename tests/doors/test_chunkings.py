"""However the bytes of a conversation are cut into packets, the answers are the same."""

import socket
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doors.daemon import Daemon
from tests.doors.peers import address_of, dial, receive_all

FRENCH = b"Que puis-je faire pour vous ?\n"
SENT = (
    "echo 1\r\necho 'a  b' \"c\"\necho déjà\n\necho 'open\nlines\r\nunended\n".encode()
    + b"echo \xff\nboth2\nquit\n"
)
HEARD = FRENCH.join(
    [
        b"",
        b"1\n",
        b"a  b c\n",
        "déjà\n".encode(),
        b"Je n'ai rien compris.\n",
        b"Uh?\n",
        b"one\ntwo\n",
        b"no line ending\n",
        b"Uh?\n",
        b"Je n'ai rien compris.\n",
        b"",
    ]
)
FRAMES = b"doorward/1\nline 6\necho 1in 3\nabceof 0\ncancel 0\nline 5\nbothxline 4\nquit"


def converse(daemon: Daemon, door: str, sent: bytes, cuts: list[int]) -> bytes:
    with dial(address_of(daemon, door)) as peer:
        if door == "tcp":
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in pairwise([0, *sorted(set(cuts) - {0, len(sent)}), len(sent)]):
            peer.sendall(sent[start:end])
        with suppress(OSError):  # the server may have closed: the last line says so
            peer.shutdown(socket.SHUT_WR)
        return receive_all(peer)


@pytest.mark.parametrize("door", ["tcp", "unix"])
@given(cuts=st.lists(st.integers(min_value=0, max_value=len(SENT)), max_size=20))
def test_text_cut_anywhere(kept: Daemon, door: str, cuts: list[int]) -> None:
    assert converse(kept, door, SENT, cuts) == HEARD


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_text_one_byte_at_a_time_and_all_at_once(kept: Daemon, door: str) -> None:
    assert converse(kept, door, SENT, list(range(len(SENT)))) == HEARD
    assert converse(kept, door, SENT, []) == HEARD


@pytest.mark.parametrize("door", ["tcp", "unix"])
@given(cuts=st.lists(st.integers(min_value=0, max_value=len(FRAMES)), max_size=20))
def test_frames_cut_anywhere(once: Daemon, door: str, cuts: list[int]) -> None:
    heard = converse(once, door, FRAMES, cuts)
    assert heard == converse(once, door, FRAMES, [])
    _, greeting, answers = heard.partition(b"ready 0\n")
    assert greeting
    assert answers.startswith(b"out 2\n1\nend 33\n")
    assert b'"kind":"unknown"' in answers
    assert answers.count(b"ready 0\n") == 2
