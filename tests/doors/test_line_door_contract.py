"""Every line door, once and kept, in both languages, passes the suite of line doors."""

import socket
from functools import partial

import pytest

from doorward.core.settings import Language
from doorward.lines.phrases import PHRASES
from doorward.testing.door_contract import Dial, KeptDoorContract, MakeProgram, OnceDoorContract, framed
from tests.doors.daemon import Daemon
from tests.doors.peers import address_of, dial, enter
from tests.doors.tls_peers import PASSWORD


def _dial(daemon: Daemon, door: str) -> Dial:
    def connect() -> socket.socket:
        return enter(daemon, door)

    return connect


def _connect(daemon: Daemon, door: str) -> Dial:
    def connect() -> socket.socket:
        return dial(address_of(daemon, door))

    return connect


class Framed:
    """What a line door is asked with by programs."""

    login = ""

    @pytest.fixture
    def program(self, connect: Dial) -> MakeProgram:
        return partial(framed, connect, login=self.login)


class TestTcpOnce(Framed, OnceDoorContract):
    @pytest.fixture
    def dial(self, once: Daemon) -> Dial:
        return _dial(once, "tcp")

    @pytest.fixture
    def connect(self, once: Daemon) -> Dial:
        return _connect(once, "tcp")


class TestUnixOnce(Framed, OnceDoorContract):
    @pytest.fixture
    def dial(self, once: Daemon) -> Dial:
        return _dial(once, "unix")

    @pytest.fixture
    def connect(self, once: Daemon) -> Dial:
        return _connect(once, "unix")


class TestTlsOnce(Framed, OnceDoorContract):
    login = PASSWORD

    @pytest.fixture
    def dial(self, once: Daemon) -> Dial:
        return _dial(once, "tls")

    @pytest.fixture
    def connect(self, once: Daemon) -> Dial:
        return _connect(once, "tls")


class TestTcpKeptInFrench(Framed, KeptDoorContract):
    phrases = PHRASES[Language.FRENCH]

    @pytest.fixture
    def dial(self, kept: Daemon) -> Dial:
        return _dial(kept, "tcp")

    @pytest.fixture
    def connect(self, kept: Daemon) -> Dial:
        return _connect(kept, "tcp")


class TestUnixKeptInFrench(Framed, KeptDoorContract):
    phrases = PHRASES[Language.FRENCH]

    @pytest.fixture
    def dial(self, kept: Daemon) -> Dial:
        return _dial(kept, "unix")

    @pytest.fixture
    def connect(self, kept: Daemon) -> Dial:
        return _connect(kept, "unix")


class TestTlsKeptInFrench(Framed, KeptDoorContract):
    login = PASSWORD
    phrases = PHRASES[Language.FRENCH]

    @pytest.fixture
    def dial(self, kept: Daemon) -> Dial:
        return _dial(kept, "tls")

    @pytest.fixture
    def connect(self, kept: Daemon) -> Dial:
        return _connect(kept, "tls")
