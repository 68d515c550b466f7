"""Reloads of what is right, under load: it counts at once, and who is there stays."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.reloaded_house import (
    ALICE,
    USERS,
    House,
    crowd,
    made_for_loopback,
    running_house,
    shown_certificate,
    tls_table,
)
from tests.attacks.worker import at_work
from tests.certificates import make_certificate
from tests.doors.daemon import until
from tests.doors.peers import GREETING, ask, dial, hears_the_end, receive_until, status
from tests.doors.tls_peers import TlsAddress, through_tls

RELOADS = 50
MIB = 1024 * 1024


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_house(tmp_path) as started:
        yield started


def test_a_new_certificate_is_shown_to_who_comes_and_who_is_there_stays(house: House) -> None:
    second = made_for_loopback()
    with ExitStack() as stack:
        early = stack.enter_context(entered(house))
        with crowd(house):
            assert shown_certificate(house.address()) == house.made[0].der
            house.use(second)
            assert house.reload() is None
            assert shown_certificate(house.address()) == second.der
        early.sendall(b"echo still here\n")
        assert receive_until(early, GREETING) == b"still here\n" + GREETING


@contextmanager
def entered(house: House, name: str = "alice", port: int | None = None) -> Iterator[socket.socket]:
    """A user who has logged in at the tls door and was greeted."""
    with dial(house.address(port)) as peer:
        peer.sendall(f"{name} sesame\n".encode())
        receive_until(peer, GREETING)
        yield peer


def tls_ports(house: House) -> list[int]:
    return [int(at.rpartition(":")[2]) for at in status(house.daemon)["doors"]["tls"]]


def test_addresses_come_and_go_while_the_others_serve(house: House) -> None:
    paths = house.certificate, house.key
    with crowd(house), ExitStack() as stack:
        house.tables["tls"] = tls_table(*paths, "127.0.0.1:0", "127.0.0.2:0")
        house.write()
        assert house.reload() is None
        first, second = tls_ports(house)
        assert first == house.port
        assert reached("127.0.0.2", second)
        # who came by an address stays when it goes
        guest = stack.enter_context(through_tls(dial(("127.0.0.2", second)), house.address()))
        guest.sendall(ALICE)
        receive_until(guest, GREETING)
        house.tables["tls"] = tls_table(*paths, "127.0.0.1:0")
        house.write()
        assert house.reload() is None
        assert tls_ports(house) == [first]
        assert not reached("127.0.0.2", second)
        guest.sendall(b"echo still here\n")
        assert receive_until(guest, GREETING) == b"still here\n" + GREETING


def reached(host: str, port: int) -> bool:
    try:
        with dial((host, port)):
            return True
    except ConnectionRefusedError:
        return False


def test_a_changed_port_is_listened_on_before_the_old_one_is_let_go(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    old = house.port
    house.tables["tls"] = tls_table(house.certificate, house.key, f"127.0.0.1:{port}")
    house.write()
    with at_work(house.daemon, "tcp") as worker:
        assert house.reload() is None
        worker.work()
    assert tls_ports(house) == [port]
    assert not reached("127.0.0.1", old)
    with entered(house, port=port) as peer:
        peer.sendall(b"echo moved\n")
        assert receive_until(peer, GREETING) == b"moved\n" + GREETING


def test_a_removed_user_s_session_ends_and_no_other(house: House) -> None:
    with entered(house, "bob") as bob, entered(house) as alice, crowd(house):
        # with one user left a line would be a password
        house.tables["users"] = USERS.replace("bob", "carol")
        house.write()
        assert house.reload() is None
        assert hears_the_end(bob)
        alice.sendall(b"echo still here\n")
        assert receive_until(alice, GREETING) == b"still here\n" + GREETING
        assert ask(house.address(), b"bob sesame\n") == b"Password?\n"


def test_a_removed_client_certificate_lets_nobody_in_any_more(house: House) -> None:
    client = make_certificate("bob")
    both = house.folder / "bob.both"
    both.write_text(client.pem + client.key_pem)
    (house.folder / "bob.pem").write_text(client.pem)
    with_certificate = USERS + 'certificate = "bob.pem"\n'
    house.tables["users"] = with_certificate
    house.write()
    assert house.reload() is None
    with dial(with_client(house.address(), both)) as peer, crowd(house):
        assert receive_until(peer, b"\n") == GREETING
        house.tables["users"] = USERS
        house.write()
        assert house.reload() is None
        assert hears_the_end(peer)
    # nobody is asked for a certificate now, and this one for a password
    with dial(with_client(house.address(), both)) as late:
        assert receive_until(late, b"\n") == b"Password?\n"


def with_client(address: TlsAddress, client: Path) -> TlsAddress:
    return replace(address, client=client)


def test_fresh_answers_are_forgotten(house: House) -> None:
    house.tables["commands"] = (
        '[commands.now]\nrun = ["date", "+%s.%N"]\nread_only = true\nfresh_seconds = 600\nroles = ["guest"]\n'
    )
    house.write()
    assert house.reload() is None
    with at_work(house.daemon, "tcp") as worker:
        first = worker.work("now")
        assert worker.work("now") == first
        assert house.reload() is None
        second = worker.work("now")
        assert second != first
        assert worker.work("now") == second


def test_fifty_in_a_row_under_load_leave_no_descriptor_and_no_memory(house: House) -> None:
    daemon = house.daemon
    before_bytes = 0
    with at_work(daemon, "tcp") as worker:
        assert house.reload() is None
        descriptors = daemon.descriptors()
        with crowd(house):
            for number in range(RELOADS):
                if number % 5 == 0:
                    house.use(made_for_loopback())
                assert house.reload() is None
                worker.work()
                if number == RELOADS // 5:
                    # allocators have what they want to keep by now
                    before_bytes = daemon.forget_peak_memory()
        until(lambda: status(daemon)["connections"] == 2, "the end of the crowd")
        assert daemon.memory_bytes("VmHWM") - before_bytes < 5 * MIB
        until(lambda: daemon.descriptors() <= descriptors, f"{descriptors} descriptors again")
        assert worker.slowest_seconds < 1.0
