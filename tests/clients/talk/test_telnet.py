"""Telnet kept out of the text and answered, whatever the chunks. The cases are of RFC 854, 855 and 1143."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.telnet import PORT, Telnet, TelnetMode, mode_for
from tests.clients.talk.chunkings import CUTS, pieces, single_bytes

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
ECHO, GO_AHEAD, TERMINAL_TYPE = 1, 3, 24

PARTS = st.one_of(
    st.binary(max_size=6),
    st.tuples(st.sampled_from([DO, DONT, WILL, WONT]), st.integers(0, 255)).map(
        lambda pair: bytes((IAC, *pair))
    ),
    st.binary(max_size=6).map(
        lambda inside: bytes((IAC, SB)) + inside.replace(b"\xff", b"\xff\xff") + bytes((IAC, SE))
    ),
    st.sampled_from([b"\xff\xff", b"\xff\xf1", b"\xff\xf9", b"\r\0", b"\r\n", b"\r"]),
)
STREAMS = st.lists(PARTS, max_size=12).map(b"".join)


def heard(telnet: Telnet, chunks: list[bytes]) -> tuple[bytes, bytes]:
    """The text, and the answers."""
    text, answers = b"", b""
    for chunk in chunks:
        text += telnet.receive_data(chunk)
        answers += telnet.bytes_to_send()
    return text + telnet.receive_eof(), answers + telnet.bytes_to_send()


@given(stream=STREAMS, cuts=CUTS, mode=st.sampled_from(TelnetMode))
def test_any_chunking_gives_the_same_text_and_the_same_answers(
    stream: bytes, cuts: list[int], mode: TelnetMode
) -> None:
    whole = heard(Telnet(mode), [stream])
    assert heard(Telnet(mode), pieces(stream, cuts)) == whole
    assert heard(Telnet(mode), single_bytes(stream)) == whole


@given(stream=st.binary(max_size=200))
def test_nothing_of_the_peers_breaks_it_and_an_answer_is_no_longer_than_its_question(stream: bytes) -> None:
    text, answers = heard(Telnet(TelnetMode.ON), [stream])
    assert len(text) + len(answers) <= len(stream)
    assert len(answers) % 3 == 0


@given(data=st.binary(max_size=60), cuts=CUTS)
def test_what_is_escaped_is_read_as_it_was(data: bytes, cuts: list[int]) -> None:
    wire = Telnet(TelnetMode.ON).escaped(data)
    assert heard(Telnet(TelnetMode.ON), pieces(wire, cuts)) == (data, b"")


@given(data=st.binary(max_size=60))
def test_without_telnet_every_byte_is_text(data: bytes) -> None:
    telnet = Telnet(TelnetMode.OFF)
    assert telnet.escaped(data) == data
    assert heard(telnet, single_bytes(data)) == (data, b"")


def test_whatever_is_offered_or_wanted_is_declined() -> None:
    offer = bytes((IAC, DO, TERMINAL_TYPE, IAC, WILL, ECHO, IAC, WILL, GO_AHEAD))
    text, answers = heard(Telnet(), [offer + b"login: "])
    assert text == b"login: "
    assert answers == bytes((IAC, WONT, TERMINAL_TYPE, IAC, DONT, ECHO, IAC, DONT, GO_AHEAD))


def test_what_is_off_is_not_answered_so_that_two_never_answer_each_other_for_ever() -> None:
    ours, theirs = Telnet(TelnetMode.ON), Telnet(TelnetMode.ON)
    answers = ours_first = bytes((IAC, DO, ECHO))
    rounds = 0
    while answers and rounds < 10:
        theirs.receive_data(answers)
        answers = theirs.bytes_to_send()
        ours.receive_data(answers)
        answers = ours.bytes_to_send()
        rounds += 1
    assert (rounds, ours_first) == (1, b"\xff\xfd\x01")


def test_a_subnegotiation_is_skipped_and_what_follows_it_is_text() -> None:
    inside = bytes((IAC, SB, TERMINAL_TYPE, 1, IAC, IAC, SE, IAC, SE))
    assert heard(Telnet(TelnetMode.ON), [b"a" + inside + b"b"]) == (b"ab", b"")


@pytest.mark.parametrize(
    ("opening", "is_telnet"),
    [
        (bytes((IAC, DO, TERMINAL_TYPE)), True),
        (bytes((IAC, SB, TERMINAL_TYPE)), True),
        (b"220 ready\r\n" + bytes((IAC, DO, ECHO)), False),
        (b"\xff\xfb\x90\x64 an MPEG frame", False),
        (b"\xff\xd8\xff\xe0 a picture", False),
        (b"\xff", False),
        (b"\xff\xfb", False),
        (b"", False),
    ],
)
def test_the_first_bytes_say_whether_telnet_is_spoken(opening: bytes, *, is_telnet: bool) -> None:
    telnet = Telnet()
    text, answers = heard(telnet, single_bytes(opening))
    assert telnet.is_on is is_telnet
    if not is_telnet:
        assert (text, answers) == (opening, b"")


def test_at_its_port_telnet_is_spoken_unless_somebody_says_otherwise() -> None:
    assert mode_for(None, port=PORT) is TelnetMode.ON
    assert mode_for(None, port=25) is TelnetMode.AUTO
    assert mode_for(False, port=PORT) is TelnetMode.OFF
    assert mode_for(True, port=25) is TelnetMode.ON
