"""Before a door that asks who is there."""

from collections.abc import Callable

import pytest

from doorward.core.errors import BadFrame, LineTooLong
from doorward.core.settings import Language
from doorward.lines.events import Asked, LoginTried
from doorward.lines.phrases import PHRASES
from doorward.lines.session import LineSession
from tests.lines.dialogue import (
    GREETING,
    HELLO,
    Dialogue,
    frame,
    one_by_one,
    session,
    whole,
)

REFUSED = frame("end", b'{"kind":"refused","exit_status":126,"reason":"the login was refused"}')


def door() -> Dialogue:
    return Dialogue(session=session(keep=True, login=True))


def frame_door() -> Dialogue:
    peer = door()
    assert peer.send(HELLO) == b"login 8\npassword"
    return peer


@pytest.mark.parametrize(
    ("language", "question"), [(Language.ENGLISH, "Password?\n"), (Language.FRENCH, "Le mot de passe ?\n")]
)
def test_the_server_asks_first(language: Language, question: str) -> None:
    assert session(login=True, language=language).bytes_to_send() == question.encode()


@pytest.mark.parametrize("text", [b"sesame", b"alice sesame"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
def test_a_right_one_is_greeted(
    text: bytes, ending: bytes, pieces_of: Callable[[bytes], list[bytes]]
) -> None:
    peer = door()
    assert peer.send(*pieces_of(text + ending)) == GREETING
    assert peer.heard == [LoginTried(text.decode())]
    assert peer.send(b"df\n") == b"/ 42%\n" + GREETING


@pytest.mark.parametrize("text", [b"", b" sesame", b"sesame ", b"Sesame", b"\xff", b"alice  sesame", b"\0"])
def test_a_wrong_one_closes_without_a_word(text: bytes) -> None:
    peer = door()
    assert peer.send(text + b"\n") == b""
    assert peer.is_over()
    assert len(peer.heard) == 1


def test_a_login_that_could_not_be_looked_at_says_why() -> None:
    peer = session(login=True)
    peer.bytes_to_send()
    peer.receive_data(b"sesame\n")
    assert peer.next_event() == LoginTried("sesame")
    peer.login_refused("busy\n")
    assert peer.bytes_to_send() == b"Uh? busy\n"
    assert peer.is_over


def test_there_is_one_try() -> None:
    peer = door()
    peer.send(b"wrong\nsesame\ndf\n")
    assert peer.heard == [LoginTried("wrong")]
    assert peer.is_overfed()


def test_a_line_sent_ahead_waits_for_the_login() -> None:
    peer = session(login=True)
    peer.bytes_to_send()
    peer.receive_data(b"sesame\ndf\n")
    assert peer.next_event() == LoginTried("sesame")
    assert peer.next_event() is None
    peer.receive_eof()
    assert peer.next_event() is None
    peer.logged_in()
    assert peer.next_event() == Asked("df")


def test_a_login_that_is_cut_short_is_not_tried() -> None:
    peer = door()
    peer.send(b"sesame")
    assert peer.half_close() == b""
    assert peer.is_over()
    assert peer.heard == []


def test_a_login_is_as_long_as_a_line() -> None:
    peer = door()
    with pytest.raises(LineTooLong):
        peer.send(b"x" * 8193)
    assert peer.heard == []


def test_frames_are_asked_for_before_the_login_only() -> None:
    peer = door()
    peer.send(b"sesame\n")
    assert peer.send(HELLO) == b"I did not understand.\n" + GREETING
    assert not peer.session.speaks_frames


def test_a_login_in_frames() -> None:
    peer = frame_door()
    assert peer.send(frame("line", b"alice sesame")) == b"ready 0\n"
    assert peer.send(frame("line", b"df")).startswith(b"run 1\n1")


@pytest.mark.parametrize("text", [b"", b"wrong", b"\xff", b"sesame\n"])
def test_a_wrong_one_in_frames_is_an_end(text: bytes) -> None:
    peer = frame_door()
    assert peer.send(frame("line", text) + frame("line", b"sesame")) == REFUSED
    assert peer.is_over()
    assert peer.is_overfed()
    assert len(peer.heard) == 1


@pytest.mark.parametrize("kind", ["in", "eof", "cancel", "ready", "login"])
def test_nothing_but_a_line_is_a_login(kind: str) -> None:
    peer = frame_door()
    with pytest.raises(BadFrame):
        peer.send(frame(kind))
    assert peer.is_over()
    assert peer.heard == []


@pytest.mark.parametrize("answer", [LineSession.logged_in, LineSession.login_refused])
def test_a_peer_that_left_while_its_login_was_looked_at_is_told_nothing(
    answer: Callable[[LineSession], None],
) -> None:
    peer = session(login=True)
    peer.receive_data(HELLO + frame("line", b"sesame"))
    assert peer.next_event() == LoginTried("sesame")
    peer.receive_eof()
    peer.bytes_to_send()
    answer(peer)
    assert peer.bytes_to_send() == b""
    assert peer.is_over
    assert peer.next_event() is None


@pytest.mark.parametrize("language", Language)
def test_where_the_transport_vouches_for_the_peer_nothing_is_asked(language: Language) -> None:
    asked = session(login=True, language=language)
    waits = [asked.awaits_login]
    asked.skip_login()
    waits.append(asked.awaits_login)
    assert waits == [True, False]
    assert asked.bytes_to_send() == PHRASES[language].greeting
    asked.receive_data(b"df\n")
    assert asked.next_event() == Asked("df")


def test_a_program_whose_transport_vouches_for_it_is_ready_at_once() -> None:
    asked = session(login=True)
    asked.skip_login()
    asked.receive_data(HELLO)
    assert asked.next_event() is None
    assert asked.bytes_to_send() == GREETING + b"ready 0\n"


def test_a_program_is_told_whether_a_name_is_wanted() -> None:
    asked = session(login=True, asks_name=True)
    asked.bytes_to_send()
    asked.receive_data(HELLO)
    assert asked.next_event() is None
    assert asked.bytes_to_send() == b"login 13\nuser password"


def test_nothing_more_is_read_while_a_login_is_looked_at() -> None:
    asked = session(login=True)
    asked.receive_data(b"sesame\n")
    wanted = [asked.wants_data]
    assert asked.next_event() == LoginTried("sesame")
    wanted.append(asked.wants_data)
    asked.logged_in()
    wanted.append(asked.wants_data)
    assert wanted == [True, False, True]


def test_after_a_refusal_the_end_of_the_peer_is_read() -> None:
    asked = session(login=True)
    asked.receive_data(b"wrong\n")
    asked.next_event()
    assert not asked.wants_data
    asked.login_refused()
    assert asked.is_over
    assert asked.wants_data
