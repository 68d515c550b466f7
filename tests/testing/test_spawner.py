"""The fake passes the suite of spawners."""

import pytest

from doorward.core.launch import Exited, Launch, Signalled
from doorward.testing.spawner import PROGRAMS, FakeSpawner
from doorward.testing.spawner_contract import HeardEvents, SpawnerContract


class TestFakeSpawner(SpawnerContract):
    @pytest.fixture
    def spawner(self) -> FakeSpawner:
        return FakeSpawner(programs=PROGRAMS)


def test_a_child_does_what_the_test_says_and_nothing_after_its_end() -> None:
    spawner = FakeSpawner()
    heard = HeardEvents()
    spawner.spawn(Launch(("/bin/any",), {}), heard)
    [child] = spawner.alive
    assert child.write(b"a")
    child.end()
    assert not child.write(b"b")
    child.end(Signalled(9))
    assert (heard.output, heard.endings, spawner.alive) == (b"a", [Exited(0)], [])
