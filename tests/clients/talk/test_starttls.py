"""What is said before TLS, and what must not be taken for said in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients._streams import PLAIN_TEXT
from doorward.clients.talk.starttls import LINE_BYTES, PROTOCOLS, Refused, StartTls, steps_of
from doorward.core.errors import LineTooLong, ProtocolError, TlsFailed
from tests.clients.talk.chunkings import CUTS, pieces, single_bytes

ANSWERS = {
    "smtp": [
        b"220-mail.example\r\n220 ESMTP\r\n",
        b"250-mail.example\r\n250-STARTTLS\r\n250 HELP\r\n",
        b"220 2.0.0 Ready\r\n",
    ],
    "ftp": [b"220-Hello\r\n 220 is not the end\r\n220 ready\r\n", b"234 AUTH TLS ok.\r\n"],
    "pop3": [b"+OK ready <1@example>\r\n", b"+OK Begin TLS\r\n"],
    "imap": [b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", b"* OK still here\r\na1 OK Begin TLS\r\n"],
}
ASKED = {
    "smtp": [b"EHLO [192.0.2.1]\r\n", b"STARTTLS\r\n"],
    "ftp": [b"AUTH TLS\r\n"],
    "pop3": [b"STLS\r\n"],
    "imap": [b"a1 STARTTLS\r\n"],
}

protocols = pytest.mark.parametrize("protocol", PROTOCOLS)


def dialogue(protocol: str) -> StartTls:
    return StartTls(steps_of(protocol, our_name="[192.0.2.1]"))


@protocols
def test_tls_begins_behind_the_last_answer_whatever_the_chunks(protocol: str) -> None:
    for cut in (lambda data: [data], single_bytes):
        begun, asked = dialogue(protocol), []
        for answer in ANSWERS[protocol]:
            assert not begun.is_ready
            for piece in cut(answer):
                begun.receive_data(piece)
            asked.append(begun.bytes_to_send())
        assert begun.is_ready
        assert asked == [*ASKED[protocol], b""]


@protocols
@given(behind=st.binary(min_size=1, max_size=20), cuts=CUTS)
def test_what_stands_behind_the_last_answer_is_an_error_as_long_as_it_came_with_it(
    protocol: str, behind: bytes, cuts: list[int]
) -> None:
    begun = dialogue(protocol)
    *before, last = ANSWERS[protocol]
    for answer in before:
        for piece in pieces(answer, cuts):
            begun.receive_data(piece)
    with pytest.raises(TlsFailed) as caught:
        begun.receive_data(last + behind)
    assert caught.value.code == PLAIN_TEXT
    assert not begun.is_ready


@protocols
def test_an_answer_that_comes_before_its_question_is_an_error(protocol: str) -> None:
    with pytest.raises(TlsFailed, match="before"):
        dialogue(protocol).receive_data(b"".join(ANSWERS[protocol]))


@pytest.mark.parametrize(
    ("protocol", "number", "answer"),
    [
        ("smtp", 0, b"554 no\r\n"),
        ("smtp", 1, b"502-no\r\n502 EHLO is not known\r\n"),
        ("smtp", 2, b"454 4.7.0 TLS not available\r\n"),
        ("ftp", 1, b"530 Please login.\r\n"),
        ("pop3", 1, b"-ERR no\r\n"),
        ("imap", 0, b"* BYE full\r\n"),
        ("imap", 1, b"a1 NO not now\r\n"),
        ("imap", 1, b"a1 BAD what\r\n"),
    ],
)
def test_a_refusal_says_what_was_asked_and_what_was_answered(
    protocol: str, number: int, answer: bytes
) -> None:
    begun = dialogue(protocol)
    for each in ANSWERS[protocol][:number]:
        begun.receive_data(each)
    with pytest.raises(Refused) as caught:
        begun.receive_data(answer)
    assert caught.value.answer == answer.splitlines()[-1].decode()
    if number:
        assert caught.value.asked.encode() + b"\r\n" == ASKED[protocol][number - 1]


def test_neither_a_line_nor_an_answer_goes_on_for_ever() -> None:
    with pytest.raises(LineTooLong):
        dialogue("smtp").receive_data(b"x" * (LINE_BYTES + 1))
    with pytest.raises(LineTooLong):
        dialogue("smtp").receive_data(b"220-x\r\n" * 2000)


def problem_of(begun: StartTls, data: bytes) -> str:
    """What is told of it; empty when it goes on."""
    try:
        begun.receive_data(data)
    except ProtocolError as error:
        return str(error)
    return ""


@protocols
@given(data=st.binary(max_size=200))
def test_only_documented_errors_escape_in_one_line(protocol: str, data: bytes) -> None:
    assert problem_of(dialogue(protocol), data).isprintable()


def test_there_is_no_other_protocol() -> None:
    with pytest.raises(ValueError, match="gopher"):
        steps_of("gopher", our_name="x")
