"""Sockets that whoever started the process made for it: a real process that inherits real ones."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from doorward.core.errors import ListenError
from doorward.core.settings import DOOR_KINDS
from doorward.gate.inherited import check_inherited, take_inherited
from doorward.gate.listeners import Listener

TAKER = """
import json, os, sys
from doorward.core.errors import ListenError
from doorward.gate.inherited import take_inherited
environment = dict(os.environ, LISTEN_PID=str(os.getpid()), **json.loads(sys.argv[1]))
try:
    taken = take_inherited(environment, pid=os.getpid())
except ListenError as error:
    print(json.dumps(str(error)))
    sys.exit()
left = [name for name in environment if name.startswith("LISTEN_")]
facts = [[each.door, each.name, each.is_inherited, each.socket.get_inheritable()] for each in taken]
print(json.dumps([facts, left, len(take_inherited(environment, pid=os.getpid()))]))
"""


def inherit(sockets: list[socket.socket], variables: dict[str, str]) -> object:
    """What a process finds that is given `sockets` as its descriptors 3 and up."""
    # the shell puts them in their places, as systemd does
    moves = " ".join(f"{3 + index}<&{each.fileno()}" for index, each in enumerate(sockets))
    done = subprocess.run(
        ["bash", "-c", f'exec "$@" {moves}', "bash", sys.executable, "-c", TAKER, json.dumps(variables)],
        pass_fds=[each.fileno() for each in sockets],
        stdout=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    return json.loads(done.stdout)


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listening(stack: ExitStack, address: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = stack.enter_context(socket.create_server((address, 0), family=family))
    # above the places that the shell fills
    moved = socket.socket(fileno=above_the_first(made.fileno()))
    return stack.enter_context(moved)


def above_the_first(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 50)


def test_each_is_taken_over_with_the_name_of_its_door_and_no_child_is_told(sockets: ExitStack) -> None:
    four, six = listening(sockets), listening(sockets, "::1")
    with tempfile.TemporaryDirectory(prefix="doorward-") as folder:
        path = str(Path(folder) / "s")
        local = sockets.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(path)
        local.listen()
        local = sockets.enter_context(socket.socket(fileno=above_the_first(local.fileno())))
        found = inherit([four, six, local], {"LISTEN_FDS": "3", "LISTEN_FDNAMES": "tls:tcp:unix"})
    four_name = f"127.0.0.1:{four.getsockname()[1]}"
    six_name = f"[::1]:{six.getsockname()[1]}"
    facts = [["tls", four_name, True, False], ["tcp", six_name, True, False], ["unix", path, True, False]]
    assert found == [facts, [], 0]


def test_without_names_they_belong_to_no_door(sockets: ExitStack) -> None:
    found = inherit([listening(sockets)], {"LISTEN_FDS": "1"})
    assert isinstance(found, list)
    assert found[0][0][0] == "unknown"


def test_a_socket_that_does_not_listen_is_refused(sockets: ExitStack) -> None:
    idle = sockets.enter_context(socket.socket())
    idle = sockets.enter_context(socket.socket(fileno=above_the_first(idle.fileno())))
    found = inherit([idle], {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "tls"})
    assert found == "door tls cannot listen on descriptor 3: it is no socket that listens for streams"


@pytest.mark.parametrize(
    "variables",
    [{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": "x", "LISTEN_FDS": "1"}],
)
def test_what_is_meant_for_another_process_is_left_alone(variables: dict[str, str]) -> None:
    environment = {**variables, "HOME": "/"}
    assert take_inherited(environment, pid=os.getpid()) == ()
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("count", ["257", "99999999999999999999"])
def test_more_than_anybody_needs_are_refused(count: str) -> None:
    environment = {"LISTEN_PID": "7", "LISTEN_FDS": count}
    with pytest.raises(ListenError, match="at most 256 can be"):
        take_inherited(environment, pid=7)


def test_words_that_are_no_number_are_none() -> None:
    assert take_inherited({"LISTEN_PID": "7", "LISTEN_FDS": "-1"}, pid=7) == ()


def test_one_for_a_door_that_is_not_there_names_those_that_are(sockets: ExitStack) -> None:
    listener = Listener("attic", listening(sockets), "127.0.0.1:1")
    with pytest.raises(
        ListenError, match=r"door attic .* no door that is to be open.*one of tcp, tls, web, unix"
    ):
        check_inherited(listener, doors=DOOR_KINDS)


def test_the_door_without_login_takes_none_off_loopback(sockets: ExitStack) -> None:
    listener = Listener("tcp", listening(sockets, "0.0.0.0"), "0.0.0.0:1")
    with pytest.raises(ListenError, match="loopback only"):
        check_inherited(listener, doors=DOOR_KINDS)
    check_inherited(Listener("tls", listener.socket, "0.0.0.0:1"), doors=DOOR_KINDS)


def test_a_network_socket_is_no_unix_door(sockets: ExitStack) -> None:
    with pytest.raises(ListenError, match="wrong family"):
        check_inherited(Listener("unix", listening(sockets), "127.0.0.1:1"), doors=DOOR_KINDS)
