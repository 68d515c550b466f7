"""The asker's side, before servers of many kinds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import BadFrame, ProtocolError
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.lines.client import (
    ClientEvent,
    ClientSession,
    LoginWanted,
    NoFrames,
    OutputReceived,
    Ready,
    RunEnded,
    RunStarted,
)
from tests.lines.dialogue import GREETING, chunkings, cut_at, frame, one_by_one

READY = b"ready 0\n"


def heard(pieces: list[bytes], *, has_ended: bool = True) -> list[ClientEvent]:
    """All that a client takes out of what a server sends."""
    client, events = ClientSession(Limits()), list[ClientEvent]()
    for piece in pieces:
        client.receive_data(piece)
        while (event := client.next_event()) is not None:
            events.append(event)
    if has_ended:
        client.receive_eof()
        while (event := client.next_event()) is not None:
            events.append(event)
    return events


def text_of(events: list[ClientEvent]) -> bytes:
    assert all(isinstance(event, NoFrames) for event in events)
    return b"".join(event.text for event in events if isinstance(event, NoFrames))


def test_a_client_says_hello() -> None:
    client = ClientSession(Limits())
    assert client.hello() == b"doorward/1\n"
    assert client.line("df é") == b"line 5\ndf \xc3\xa9"
    assert client.line("\udcff") == b"line 1\n\xff"
    assert client.input(b"a" * 70_000) == frame("in", b"a" * 65_536) + frame("in", b"a" * 4464)
    assert client.input(b"") == b""
    assert client.end_input() == b"eof 0\n"
    assert client.cancel() == b"cancel 0\n"


@pytest.mark.parametrize(
    "greeting", [GREETING, b"Password?\n", b"\n", b"Le mot de passe ?\r\n", b"x" * 8192 + b"\n"]
)
def test_a_server_of_frames_is_known_by_its_second_line(greeting: bytes) -> None:
    for data, event in ((greeting + READY, Ready()), (greeting + b"login 0\n", LoginWanted())):
        assert heard([data]) == heard(one_by_one(data)) == [event]


PLAIN_SERVERS = [
    GREETING + b"I did not understand.\n",
    b"Que puis-je faire pour vous ?\nJe n'ai rien compris.\n",
    GREETING,
    b"no line ending",
    b"ready 0\n",
    b"login 0\n",
    b"hello\nready for you\n",
    b"hello\nready 1 units\n",
    b"hello\nready",
    b"hello\nready ",
    b"hello\nready 0",
    b"hello\nready 00\n",
    b"hello\nready 0\r\n",
    b"hello\nready \n",
    b"hello\nlogin 99999999999\n",
    b"hello\nlogin: ",
    b"hello\nre\n",
    b"hello\n\nready 0\n",
    b"220 mail.example.org ESMTP\r\n500 unknown command\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"x" * 8193 + b"\nready 0\n",
    b"y\n" * 50_000,
    b"z" * 200_000,
]


@pytest.mark.parametrize("data", PLAIN_SERVERS)
def test_the_text_of_a_plain_server_is_handed_on_whole(data: bytes) -> None:
    assert text_of(heard([data])) == data
    assert text_of(heard(one_by_one(data[:9000]))) == data[:9000]


@pytest.mark.parametrize("start", [b"x" * 8193, b"hello\nr0", b"hello\nready x", b"hello\nready 01", b"a\nb"])
def test_a_plain_server_is_known_before_it_ends(start: bytes) -> None:
    assert text_of(heard([start], has_ended=False)) == start


@pytest.mark.parametrize("start", [b"x" * 8192, b"hello", b"hello\n", b"hello\nrea", b"hello\nready 1"])
def test_what_may_yet_become_frames_is_waited_for(start: bytes) -> None:
    assert heard([start], has_ended=False) == []
    assert text_of(heard([start])) == start


def test_a_server_that_says_nothing_is_heard_as_nothing() -> None:
    client = ClientSession(Limits())
    assert client.next_event() is None
    client.receive_eof()
    assert client.next_event() is None
    assert not client.speaks_frames


def test_endless_text_is_not_held() -> None:
    client = ClientSession(Limits())
    for _ in range(200):
        client.receive_data(b"x" * 65_536)
        while client.next_event() is not None:
            pass
    assert client._splitter.held_bytes == 0
    assert client._head is None


@given(st.sampled_from(PLAIN_SERVERS).map(lambda data: data[:300]) | st.binary(max_size=60), chunkings(300))
@example(b"a\nready 0\nready 1\n", [10])
def test_any_chunking_is_heard_alike(data: bytes, places: list[int]) -> None:
    def course(pieces: list[bytes]) -> tuple[object, ...]:
        client, events, text = ClientSession(Limits()), list[ClientEvent](), bytearray()

        def take() -> None:
            while (event := client.next_event()) is not None:
                if isinstance(event, NoFrames):
                    text.extend(event.text)
                else:
                    events.append(event)

        try:
            for piece in pieces:
                client.receive_data(piece)
                take()
            client.receive_eof()
            take()
        except ProtocolError as error:
            return events, bytes(text), str(error)
        return events, bytes(text), client.speaks_frames

    assert course([data]) == course(cut_at(data, places)) == course(one_by_one(data))


def answered(*frames: bytes) -> list[ClientEvent]:
    return heard([GREETING + READY + b"".join(frames)])[1:]


def test_an_answer_in_frames() -> None:
    members = {"kind": "exited", "exit_status": 3, "status": 3, "drawing": {"figures": {}}, "new": [1]}
    content = b'{"kind":"exited","exit_status":3,"status":3,"drawing":{"figures":{}},"new":[1]}'
    assert answered(
        frame("run", b"17 input"),
        frame("out", b"a"),
        frame("err", b"b\n"),
        frame("out"),
        frame("end", content),
        READY,
    ) == [
        RunStarted(17, takes_input=True),
        OutputReceived(Stream.OUT, b"a"),
        OutputReceived(Stream.ERR, b"b\n"),
        OutputReceived(Stream.OUT, b""),
        RunEnded(Outcome(OutcomeKind.EXITED, status=3), members),
        Ready(),
    ]


@pytest.mark.parametrize(
    ("content", "event"),
    [
        (b"1", RunStarted(1, takes_input=False)),
        (b"1 input", RunStarted(1, takes_input=True)),
        (b"1 shared input new", RunStarted(1, takes_input=True)),
        (b"1 inputs", RunStarted(1, takes_input=False)),
        (b"18446744073709551615", RunStarted(2**64 - 1, takes_input=False)),
    ],
)
def test_a_run_is_a_number_and_words_some_of_which_may_be_new(content: bytes, event: RunStarted) -> None:
    assert answered(frame("run", content)) == [event]


@pytest.mark.parametrize(
    "broken",
    [
        frame("run"),
        frame("run", b"x"),
        frame("run", b"-1"),
        frame("run", b" 1"),
        frame("run", b"\xd9\xa1"),
        frame("run", b"1" * 21),
        frame("end"),
        frame("end", b"[]"),
        frame("end", b"{}"),
        frame("end", b'{"kind":"fine"}'),
        frame("end", b'{"kind":["exited"]}'),
        frame("end", b'{"kind":"exited","status":256}'),
        frame("end", b'{"kind":"exited","status":-1}'),
        frame("end", b'{"kind":"exited","status":true}'),
        frame("end", b'{"kind":"exited","status":1e3}'),
        frame("end", b'{"kind":"exited","status":' + b"9" * 5000 + b"}"),
        frame("end", b'{"kind":"timed out","after_seconds":NaN}'),
        frame("end", b'{"kind":"timed out","after_seconds":Infinity}'),
        frame("end", b'{"kind":"busy","reason":1}'),
        frame("end", '{"kind":"exited"}'.encode("utf-16")),
        frame("end", b'\xef\xbb\xbf{"kind":"exited"}'),
        frame("end", b"[" * 60_000),
        frame("line", b"df"),
        frame("in"),
        b"out 65537\n",
        b"out 1\r\nx",
        b"What can I do for you?\n",
    ],
)
def test_a_server_that_breaks_the_rules_of_frames_is_told_apart(broken: bytes) -> None:
    with pytest.raises(BadFrame):
        answered(broken)


@given(st.binary(max_size=100))
def test_only_a_protocol_error_escapes(data: bytes) -> None:
    try:
        answered(data)
    except ProtocolError:
        return
    answered(data)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", ""),
        (b"password", "password"),
        (b"user password", "user password"),
        (b"a token", ""),
        (b"\xff", ""),
    ],
)
def test_the_form_of_a_login_is_told_and_one_that_is_not_known_is_none(content: bytes, form: str) -> None:
    assert heard([b"Password?\nlogin %d\n%b" % (len(content), content)]) == [LoginWanted(form)]
