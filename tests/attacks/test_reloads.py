"""
Reloads under load: SIGHUP with what is broken leaves all as it was, with what is right changes it at once.

Meanwhile clients come by tcp and tls all the time, and not one of them may fail.
"""

import secrets
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from doorward.core.principal import User
from doorward.stores.users import UserFile
from tests.attacks.worker import at_work
from tests.doors.daemon import BOUND_SECONDS, UNIX, Daemon, config_file, running, until
from tests.doors.peers import GREETING, address_of, ask, dial, hears_the_end, receive_until, status
from tests.doors.tls_peers import HASH, TlsAddress, through_tls
from tests.made_certificates import Made, make_certificate

KEPT = 'session = "keep"\n'
USERS = f"""
[users.alice]
password = "{HASH}"
[users.bob]
password = "{HASH}"
"""
ALICE = b"alice sesame\n"
RELOADS = 50
MIB = 1024 * 1024


@dataclass
class House:
    """
    A daemon whose configuration, certificate and key are files of a folder.

    Attributes:
        tables: of the configuration, by their name, each of which a test may change.
        made: the certificates that were ever in use: clients trust them all.
    """

    folder: Path
    daemon: Daemon
    tables: dict[str, str]
    made: list[Made] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return config_file(self.daemon.state)

    @property
    def certificate(self) -> Path:
        return self.folder / "door.pem"

    @property
    def key(self) -> Path:
        return self.folder / "door.key"

    def write(self) -> None:
        self.config.write_text("".join(self.tables.values()))

    def use(self, made: Made) -> None:
        """Write a certificate and its key over the ones that are there."""
        self.made.append(made)
        trusted = self.folder / "trusted.new"
        trusted.write_text("".join(each.pem for each in self.made))
        trusted.rename(self.anchor)
        made.written(self.folder, "door")

    def reload(self) -> str | None:
        """Have it read all again; the problem that it tells of, None for none."""
        return reloaded(self.daemon)

    def address(self, port: int | None = None) -> TlsAddress:
        return TlsAddress("127.0.0.1", port or self.port, self.anchor)

    @property
    def anchor(self) -> Path:
        return self.folder / "trusted.pem"

    @property
    def port(self) -> int:
        return int(self.daemon.doors["tls"][0].rpartition(":")[2])


def reloaded(daemon: Daemon) -> str | None:
    """Send SIGHUP, and wait for what came of it."""
    before = daemon.log.count("reloaded")
    daemon.signal(signal.SIGHUP)
    until(lambda: daemon.log.count("reloaded") > before, "a reload")
    problem: str | None = status(daemon)["last_reload"]["problem"]
    return problem


def made_for_loopback() -> Made:
    # a client finds whom it trusts by the subject
    return make_certificate(f"door {secrets.token_hex(4)}", names=("127.0.0.1",))


class Coming:
    """
    Clients of one door that come one after the other, in a thread, until they are told to stop.

    Attributes:
        served: how many were answered.
        problems: what went wrong with the others.
    """

    def __init__(self, login: bytes, talk: Callable[[bytes], bytes]) -> None:
        self.served = 0
        self.problems: list[str] = []
        self.stop = threading.Event()
        self._sent = login + b"echo 1\nquit\n"
        self._wanted = (b"Password?\n" if login else b"") + GREETING + b"1\n" + GREETING
        self._talk = talk

    def come(self) -> None:
        while not self.stop.is_set():
            try:
                heard = self._talk(self._sent)
            except OSError as error:
                self.problems.append(repr(error))
                continue
            self.served += 1
            if heard != self._wanted:
                self.problems.append(repr(heard))


@contextmanager
def crowd(house: House) -> Iterator[tuple[Coming, Coming]]:
    """Clients that come by tcp and by tls; afterwards, every one of them was answered."""
    guests = Coming(b"", lambda data: ask(address_of(house.daemon, "tcp"), data))
    users = Coming(ALICE, lambda data: ask(house.address(), data))
    both = (guests, users)
    threads = [threading.Thread(target=each.come) for each in both]
    for thread in threads:
        thread.start()
    try:
        until(lambda: all(each.served for each in both), "the first of them")
        yield both
        before = [each.served for each in both]
        until(
            lambda: all(each.served > was for each, was in zip(both, before, strict=True)),
            "some more of them",
        )
    finally:
        for each in both:
            each.stop.set()
        for thread in threads:
            thread.join(BOUND_SECONDS)
    assert guests.problems == []
    assert users.problems == []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    certificate, key = tmp_path / "door.pem", tmp_path / "door.key"
    tables = {
        "tcp": f'[doors.tcp]\nlisten = ["127.0.0.1:0"]\n{KEPT}',
        "unix": UNIX,
        "tls": tls_table(certificate, key, "127.0.0.1:0"),
        "users": USERS,
        "commands": "",
    }
    first = made_for_loopback()
    first.written(tmp_path, "door")
    with running(tmp_path, "".join(tables.values())) as daemon:
        house = House(tmp_path, daemon, tables)
        house.use(first)
        yield house


def tls_table(certificate: Path, key: Path, *listen: str) -> str:
    addresses = ", ".join(f'"{each}"' for each in listen)
    return f'[doors.tls]\nlisten = [{addresses}]\ncertificate = "{certificate}"\nkey = "{key}"\n{KEPT}'


def shown_certificate(address: TlsAddress) -> bytes:
    """What a client is shown who comes now, in DER."""
    context = address.context()
    with (
        dial((address.host, address.port)) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return der


def secured(raw: socket.socket, address: TlsAddress) -> ssl.SSLSocket:
    return address.context().wrap_socket(raw, server_hostname=address.host)


# What is broken, and what is told of it


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


def tcp_for_everybody(house: House, stack: ExitStack) -> str:
    table = '[doors.tcp]\nlisten = ["0.0.0.0:0"]\n'
    house.config.write_text("".join({**house.tables, "tcp": table}.values()))
    return "loopback only"


BROKEN = [
    cut_certificate,
    key_of_another,
    key_for_everybody,
    no_key,
    no_toml,
    cut_configuration,
    unknown_key,
    a_user_of_the_state,
    a_taken_port,
    an_address_of_another_machine,
    tcp_for_everybody,
]


def test_what_is_broken_is_told_and_all_stays_as_it_was(house: House) -> None:
    before = shown_certificate(house.address())
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
                worker.work()
            house.write()
            house.made[0].written(house.folder, "door")
            assert [each.problems for each in coming] == [[], []], break_it.__name__
        assert house.reload() is None


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
