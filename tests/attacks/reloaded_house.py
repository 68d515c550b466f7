"""A daemon that is reloaded under load, and the clients that come meanwhile, of whom not one may fail."""

import secrets
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import Made, make_certificate
from tests.doors.daemon import BOUND_SECONDS, UNIX, Daemon, config_file, running, until
from tests.doors.peers import GREETING, address_of, ask, dial, status
from tests.doors.tls_peers import HASH, TlsAddress

KEPT = 'session = "keep"\n'
USERS = f"""
[users.alice]
password = "{HASH}"
[users.bob]
password = "{HASH}"
"""
ALICE = b"alice sesame\n"


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


@contextmanager
def running_house(tmp_path: Path) -> Iterator[House]:
    """A house whose daemon serves; its files are in `tmp_path`."""
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
