"""A record of both sides, in which nothing is lost but secrets."""

import re

from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.talk.transcript import RECORD_BYTES, Transcript
from doorward.core.secret import Secret
from tests.clients.talk.chunkings import CUTS, pieces

AT = 1_790_000_000.25
STAMP = "2026-09-21T14:13:20.250Z"


def begun() -> tuple[Transcript, list[str]]:
    lines: list[str] = []
    return Transcript(lines.append, lambda: AT), lines


def test_each_side_has_its_lines_with_the_time_and_line_ends_are_seen() -> None:
    transcript, lines = begun()
    transcript.told("talking to x:25")
    transcript.received(b"220 hel")
    transcript.received(b"lo\r\n220-")
    transcript.sent(b"EHLO me\r\nNOOP\r\n")
    transcript.received(b"more")
    transcript.told("we left")
    assert lines == [
        f"{STAMP} - talking to x:25\n",
        f"{STAMP} < 220 hello\\r\\n\n",
        f"{STAMP} < 220-\n",
        f"{STAMP} > EHLO me\\r\\n\n",
        f"{STAMP} > NOOP\\r\\n\n",
        f"{STAMP} < more\n",
        f"{STAMP} - we left\n",
    ]


DATA = st.one_of(st.binary(max_size=100), st.text(max_size=60).map(lambda text: text.encode()))


@given(data=DATA, cuts=CUTS)
def test_what_came_can_be_had_back_and_commands_no_terminal(data: bytes, cuts: list[int]) -> None:
    transcript, lines = begun()
    for piece in pieces(data, cuts):
        transcript.received(piece)
    transcript.told("end")
    assert all(line[:-1].isprintable() and line.endswith("\n") for line in lines)
    text = "".join(line[len(STAMP) + 3 : -1] for line in lines[:-1])
    assert re.sub(rb"\\(?:x(..)|u(....)|U(.{8})|(.))", meant, text.encode()) == data


def meant(match: re.Match[bytes]) -> bytes:
    byte, short, long, named = match.groups()
    if byte is not None:
        return bytes.fromhex(byte.decode())
    if named is not None:
        return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}[named]
    return chr(int(short or long, 16)).encode()


def test_a_secret_is_left_out_where_it_is_sent_and_where_it_comes_back() -> None:
    transcript, lines = begun()
    transcript.sent_secret(Secret("s3sam\u00e9"))
    transcript.received("you said s3sam\u00e9!\r\n".encode())
    transcript.sent("again s3sam\u00e9\n".encode())
    text = "".join(lines)
    assert "s3sam" not in text
    assert text.count("••••") == 3


def test_the_secret_of_a_login_command_is_left_out_too() -> None:
    transcript, lines = begun()
    transcript.sent(b"USER PASS\r\nPASS hunter2\r\n")
    transcript.received(b"500 hunter2 is no command\r\n")
    transcript.sent(b"PASS x\r\n")
    transcript.received(b"500 PASS x\r\n")
    transcript.sent_secret(Secret("PASS sesame"))
    transcript.received(b"500 PASS sesame, 500 sesame\r\n")
    assert [line[len(STAMP) + 1 : -1] for line in lines] == [
        "> USER PASS\\r\\n",
        "> PASS ••••\\r\\n",
        "< 500 •••• is no command\\r\\n",
        "> PASS ••••\\r\\n",
        "< 500 PASS x\\r\\n",
        "> ••••",
        "< 500 ••••, 500 ••••\\r\\n",
    ]


def test_a_secret_in_a_literal_is_left_out_and_what_is_said_after_a_refusal_is_not() -> None:
    transcript, lines = begun()
    transcript.sent(b"a1 LOGIN alice {6}\r\n")
    transcript.received(b"+ OK\r\n")
    transcript.sent(b"s3same\r\n")
    transcript.received(b"a1 OK s3same\r\n")
    transcript.sent(b"a2 LOGIN alice {6}\r\n")
    transcript.received(b"a2 BAD\r\n")
    transcript.sent(b"a3 NOOP\r\n")
    assert [line[len(STAMP) + 1 : -1] for line in lines] == [
        "> a1 LOGIN alice {6}\\r\\n",
        "< + OK\\r\\n",
        "> ••••\\r\\n",
        "< a1 OK ••••\\r\\n",
        "> a2 LOGIN alice {6}\\r\\n",
        "< a2 BAD\\r\\n",
        "> a3 NOOP\\r\\n",
    ]


def test_a_line_without_end_is_written_in_parts() -> None:
    transcript, lines = begun()
    for _ in range(100):
        transcript.received(b"x" * 1000)
    assert len(lines) == 100_000 // RECORD_BYTES
    assert all(len(line) <= RECORD_BYTES + 40 for line in lines)


SECRET = "s3same-s3sé"
# a letter that something of ours cuts in two is written as two bytes: the whole secret alone has such a one
PARTS = st.sampled_from([SECRET, SECRET[:3], SECRET[:7], SECRET[7:-1], "\n", "x" * 1000, "y" * RECORD_BYTES])


@given(parts=st.lists(PARTS, max_size=30), cuts=CUTS, are_answered=st.lists(st.booleans(), max_size=30))
def test_a_secret_is_left_out_however_it_comes_and_nothing_else(
    parts: list[str], cuts: list[int], are_answered: list[bool]
) -> None:
    transcript, lines = begun()
    transcript.sent_secret(Secret(SECRET))
    data = "".join(parts)
    answers = iter(are_answered)
    for piece in pieces(data.encode(), cuts):
        transcript.received(piece)
        if next(answers, False):
            transcript.sent(b"NOOP\r\n")
    transcript.ended("the end")
    said = "".join(line[len(STAMP) + 3 : -1] for line in lines if line[len(STAMP) + 1] == "<")
    assert said == data.replace(SECRET, "••••").replace("\n", "\\n")


def test_what_may_be_the_beginning_of_a_secret_waits_for_the_rest_of_it() -> None:
    transcript, lines = begun()
    transcript.sent_secret(Secret("hunter2"))
    transcript.received(b"half: hun")
    transcript.sent(b"NOOP\r\n")
    transcript.received(b"ter2, hun")
    transcript.told("our side ended")
    transcript.received(b"h")
    transcript.ended("the end")
    assert [line[len(STAMP) + 1 : -1] for line in lines] == [
        "> ••••",
        "< half: ",
        "> NOOP\\r\\n",
        "< ••••, ",
        "- our side ended",
        "< hunh",
        "- the end",
    ]


def test_a_secret_is_left_out_where_a_long_line_is_written_in_parts() -> None:
    secret = SECRET.encode()
    for before in range(RECORD_BYTES - len(secret), RECORD_BYTES + 1):
        for cut in range(len(secret) + 1):
            transcript, lines = begun()
            transcript.sent_secret(Secret(SECRET))
            transcript.received(b"x" * before + secret[:cut])
            transcript.received(secret[cut:] + b"y" * RECORD_BYTES)
            transcript.ended("the end")
            said = [line[len(STAMP) + 3 : -1] for line in lines[1:-1]]
            assert len(said) > 1
            assert "".join(said) == "x" * before + "••••" + "y" * RECORD_BYTES


def test_the_end_of_a_secret_may_be_its_beginning() -> None:
    transcript, lines = begun()
    transcript.sent_secret(Secret("hunhun"))
    transcript.received(b"hunhun")
    transcript.sent(b"NOOP")
    assert [line[len(STAMP) + 1 : -1] for line in lines] == ["> ••••", "< ••••", "> NOOP"]


def test_a_long_line_is_cut_between_letters() -> None:
    transcript, lines = begun()
    transcript.received(b"x" + "é".encode() * RECORD_BYTES)
    assert [line[len(STAMP) + 1 : -1] for line in lines] == [
        "< x" + "é" * (RECORD_BYTES // 2 - 1),
        "< " + "é" * (RECORD_BYTES // 2),
    ]
    transcript, lines = begun()
    transcript.received(b"\x80" * (RECORD_BYTES + 1))
    assert lines == [f"{STAMP} < " + "\\x80" * RECORD_BYTES + "\n"]
