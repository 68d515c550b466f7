"""Line ends inside a line: in text they end it, in a frame they are refused; a reason never has one."""

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.peers import GREETING, address_of, ask, frames

CONFIG = """
[commands.show]
run = ["printf", "<%s>", "{text}"]
roles = ["guest"]
[commands.show.parameters]
text = { type = "text" }
"""
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00", "\x1b[2J", "\u202e"]


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_no_break_gets_into_an_argument_or_a_reason(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    for broken in BREAKS:
        with frames(address_of(daemon, door)) as peer:
            for line in (
                f"show 'a{broken}b'",
                f"show a text='x{broken}y'",
                f"'no{broken}such'",
                f"help 'a{broken}'",
            ):
                outcome = peer.ask(line)
                assert not outcome.is_success, (broken, outcome)
                assert outcome.reason.isprintable(), (broken, outcome)
                assert outcome.reason.isascii(), (broken, outcome)
    assert not any(line["event"] == "run" for line in daemon.audit())


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_in_text_a_break_ends_the_line_and_once_is_once(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    assert ask(address_of(daemon, door), b"echo 'a\ncancel 1\n'\n") == GREETING + b"Uh?\n"
    assert ask(address_of(daemon, door), b"echo a\r\necho b\r\n") == GREETING + b"a\n"
    # a lone CR is part of the line, where no argument may hold it
    assert ask(address_of(daemon, door), b"show a\rshow b\n").startswith(GREETING + b"Uh?")
