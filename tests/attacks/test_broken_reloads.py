"""Reloads of what is broken, under load: all stays as it was, and `status` says why."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.stores.users import UserFile
from tests.attacks.reloaded_house import (
    House,
    crowd,
    made_for_loopback,
    running_house,
    shown_certificate,
    tls_table,
)
from tests.attacks.worker import at_work
from tests.certificates import made_with_bad_letters
from tests.doors.peers import status
from tests.doors.tls_peers import HASH


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_house(tmp_path) as started:
        yield started


def cut_certificate(house: House, stack: ExitStack) -> str:
    house.certificate.write_text(house.certificate.read_text()[:200])
    return "door.pem"


def key_of_another(house: House, stack: ExitStack) -> str:
    house.key.write_text(made_for_loopback().key_pem)
    return "door.key"


def key_for_everybody(house: House, stack: ExitStack) -> str:
    house.key.chmod(0o644)
    stack.callback(house.key.chmod, 0o600)
    return "door.key"


def no_key(house: House, stack: ExitStack) -> str:
    house.key.unlink()
    return "door.key"


def no_toml(house: House, stack: ExitStack) -> str:
    house.config.write_text("[doors.tls\n")
    return "state.toml:1: this is not TOML"


def cut_configuration(house: House, stack: ExitStack) -> str:
    house.config.write_text(house.config.read_text()[:-20])
    return "state.toml"


def unknown_key(house: House, stack: ExitStack) -> str:
    house.config.write_text("[limits]\nconections = 5\n" + house.config.read_text())
    return "connections"


def a_user_of_the_state(house: House, stack: ExitStack) -> str:
    users = UserFile(house.daemon.state)
    users.add(User(name="alice", password_hash=HASH))
    stack.callback(users.remove, "alice")
    return "alice"


def a_broken_file_of_tokens(house: House, stack: ExitStack) -> str:
    path = house.daemon.state / "tokens.json"
    path.touch(mode=0o600)
    path.write_text('{"version": 1, "tokens": [{"id": "aaaaaaaa", "user": "alice"}]}')
    stack.callback(path.unlink)
    return "tokens.json: token 1 is not an object with"


def a_taken_port(house: House, stack: ExitStack) -> str:
    holder = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = holder.getsockname()[1]
    table = tls_table(house.certificate, house.key, "127.0.0.1:0", "127.0.0.2:0", f"127.0.0.1:{port}")
    house.config.write_text("".join({**house.tables, "tls": table}.values()))
    return f"127.0.0.1:{port}"


def an_address_of_another_machine(house: House, stack: ExitStack) -> str:
    table = tls_table(house.certificate, house.key, "127.0.0.1:0", "192.0.2.77:0")
    house.config.write_text("".join({**house.tables, "tls": table}.values()))
    return "192.0.2.77:0"


def a_user_s_certificate_that_openssl_refuses(house: House, stack: ExitStack) -> str:
    pem = ssl.DER_cert_to_PEM_cert(made_with_bad_letters())
    robot = f'[users.robot]\ncertificate = """{pem}"""\n'
    house.config.write_text("".join({**house.tables, **moved(house), "robot": robot}.values()))
    return "users.robot.certificate"


def key_of_another_and_moved_doors(house: House, stack: ExitStack) -> str:
    house.config.write_text("".join({**house.tables, **moved(house)}.values()))
    return key_of_another(house, stack)


def moved(house: House) -> dict[str, str]:
    """Tables that have the doors elsewhere."""
    return {
        "tls": tls_table(house.certificate, house.key, "127.0.0.2:0"),
        "unix": f'[doors.unix]\nlisten = "{house.folder / MOVED_SOCKET}"\n',
    }


def tcp_for_everybody(house: House, stack: ExitStack) -> str:
    table = '[doors.tcp]\nlisten = ["0.0.0.0:0"]\n'
    house.config.write_text("".join({**house.tables, "tcp": table}.values()))
    return "loopback only"


MOVED_SOCKET = "moved.sock"

BROKEN = [
    cut_certificate,
    key_of_another,
    key_for_everybody,
    no_key,
    no_toml,
    cut_configuration,
    unknown_key,
    a_user_of_the_state,
    a_broken_file_of_tokens,
    a_taken_port,
    an_address_of_another_machine,
    tcp_for_everybody,
    a_user_s_certificate_that_openssl_refuses,
    key_of_another_and_moved_doors,
]


def listening(house: House) -> set[str]:
    """The inodes of the daemon's listening sockets, and the paths of the sockets in the test's folder."""
    process = Path(f"/proc/{house.daemon.pid}")
    kinds = (("tcp", 3, "0A", 9), ("tcp6", 3, "0A", 9), ("unix", 3, "00010000", 6))
    inodes = {
        f"socket:[{fields[inode]}]"
        for kind, column, listens, inode in kinds
        for fields in map(str.split, (process / "net" / kind).read_text().splitlines()[1:])
        if fields[column] == listens
    }
    return (inodes & descriptors(process)) | {
        str(path) for path in house.folder.rglob("*") if path.is_socket()
    }


def descriptors(process: Path) -> set[str]:
    """What a process has open; a connection may go while one looks."""
    found = set()
    for each in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(os.readlink(each))
    return found


def test_what_is_broken_is_told_and_all_stays_as_it_was(house: House) -> None:
    before, listened = shown_certificate(house.address()), listening(house)
    assert len(listened) == 4
    with at_work(house.daemon, "tcp") as worker, crowd(house) as coming:
        doors = status(house.daemon)["doors"]
        for break_it in BROKEN:
            with ExitStack() as stack:
                told = break_it(house, stack)
                problem = house.reload()
                assert problem is not None, break_it.__name__
                assert told in problem, (break_it.__name__, problem)
                assert status(house.daemon)["doors"] == doors
                assert shown_certificate(house.address()) == before
                assert listening(house) == listened, break_it.__name__
                worker.work()
            house.write()
            house.made[0].written(house.folder, "door")
            assert [each.problems for each in coming] == [[], []], break_it.__name__
        assert house.reload() is None
