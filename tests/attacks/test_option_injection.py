"""Words that would be options of the command: none gets into an argument vector, by any door."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attacks.conftest import Attacked
from tests.doors.daemon import Daemon
from tests.doors.peers import GREETING, address_of, answer, frames

CONFIG = """
[commands.show]
run = ["printf", "<%s>", "{text}", "{host}", "{count}", "{path}"]
roles = ["guest"]
[commands.show.parameters]
text = { type = "text", required = false }
host = { type = "hostname", required = false }
count = { type = "integer", max = 10, required = false }
path = { type = "path", within = "/usr", required = false }
"""
WORDS = [
    *("-v", "--version", "-", "-- -v", "-rf/", "text=-v", "host=-oProxyCommand=x", "count=-1", "path=-x"),
    *("path=../etc/passwd", "path=/etc/passwd", "path=/usr/../etc", "'-v'", '"-v"', "text='-v'"),
    *("--text=-v", "--text -v", "--text --version", "--count=-1", "--host -oProxyCommand=x", "--path=-x"),
    *("--path ../etc/passwd", "--text '-v'", "-- text=-v --version", "--text=a --text=b", "--host"),
    *("a host=a;b", "host=$(id)", "host=a|b", "count=0x1", "count=1e1", "count=\uff11", "host=`id`"),
]


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_each_is_refused_in_one_line(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    for word in WORDS:
        heard = answer(address_of(daemon, door), f"show {word}")
        assert heard.startswith(b"Uh? "), (word, heard)
        assert heard.count(b"\n") == 1, (word, heard)
    assert not any(line["event"] == "run" for line in daemon.audit())


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_an_option_of_the_line_is_none_of_the_program(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    for line in ("--text=v", "--text v", "-- v", "v --", "--text=v --"):
        assert answer(address_of(daemon, door), f"show {line}") == b"<v>", line


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_what_a_shell_would_read_is_a_text(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)
    for word in ("$(id)", "`id`", ";id", "a|b", "$HOME", "*", "~", "a&&b", ">x", "\\x", "%d%n"):
        assert answer(address_of(daemon, door), f"show '{word}'") == f"<{word}>".encode()


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_any_word_is_one_element_or_refused(attacked: Attacked, door: str) -> None:
    daemon = attacked(CONFIG)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="'"), min_size=1, max_size=60
        )
    )
    def holds(text: str) -> None:
        one_is_shown_whole_or_refused(daemon, door, text)

    holds()


def one_is_shown_whole_or_refused(daemon: Daemon, door: str, text: str) -> None:
    with frames(address_of(daemon, door)) as peer:
        outcome = peer.ask(f"show text='{text}'")
        if outcome.is_success:
            assert peer.out.decode() == f"<{text}>"
            assert not text.startswith("-")
        else:
            assert outcome.exit_status == 126, outcome
            assert GREETING not in peer.out
