"""The tcp and the unix door, once and kept, in both languages, pass the suite of line doors."""

import socket

import pytest

from doorward.core.settings import Language
from doorward.lines.phrases import PHRASES
from doorward.testing.door_contract import Dial, KeptDoorContract, OnceDoorContract
from tests.doors.daemon import Daemon
from tests.doors.peers import address_of, dial


def _dial(daemon: Daemon, door: str) -> Dial:
    def connect() -> socket.socket:
        return dial(address_of(daemon, door))

    return connect


class TestTcpOnce(OnceDoorContract):
    @pytest.fixture
    def dial(self, once: Daemon) -> Dial:
        return _dial(once, "tcp")


class TestUnixOnce(OnceDoorContract):
    @pytest.fixture
    def dial(self, once: Daemon) -> Dial:
        return _dial(once, "unix")


class TestTcpKeptInFrench(KeptDoorContract):
    phrases = PHRASES[Language.FRENCH]

    @pytest.fixture
    def dial(self, kept: Daemon) -> Dial:
        return _dial(kept, "tcp")


class TestUnixKeptInFrench(KeptDoorContract):
    phrases = PHRASES[Language.FRENCH]

    @pytest.fixture
    def dial(self, kept: Daemon) -> Dial:
        return _dial(kept, "unix")
