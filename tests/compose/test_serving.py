"""What the system's signals do to a daemon, and what its service manager hears of it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doorward.compose import daemon
from doorward.compose.opened import Opened
from doorward.compose.prepared import Prepared
from doorward.compose.reloading import Scope
from doorward.compose.serving import ServeOptions, run
from doorward.stores.first_start import FirstUser, make_first_user
from doorward.stores.users import UserFile
from tests.compose.manager import Manager

pytestmark = pytest.mark.may_block("a start and an end read and write the state, before and after all peers")

BOUND_SECONDS = 10.0
DOORS = '[doors.tcp]\nlisten = ["127.0.0.1:0"]\n[doors.unix]\n'


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    opened = Manager(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", opened.address)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def signals_kept() -> Iterator[None]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def serve(tmp_path: Path, on_open: Callable[[Opened], None]) -> None:
    file = tmp_path / "doorward.toml"
    file.touch(mode=0o600)
    file.write_text(DOORS)
    run(ServeOptions(config=file, state=tmp_path / "state", loop="asyncio"), on_open)


def test_a_reload_that_is_asked_for_during_the_start_follows_it(
    tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hung_up(file: UserFile, *, is_default: bool, is_seen: bool) -> FirstUser | None:
        os.kill(os.getpid(), signal.SIGHUP)
        return make_first_user(file, is_default=is_default, is_seen=is_seen)

    monkeypatch.setattr(daemon, "make_first_user", hung_up)
    heard: list[str] = []
    taken = daemon.Daemon._take

    async def take_and_stop(self: daemon.Daemon, prepared: Prepared) -> str:
        done = await taken(self, prepared)
        os.kill(os.getpid(), signal.SIGTERM)
        return done

    monkeypatch.setattr(daemon.Daemon, "_take", take_and_stop)
    serve(tmp_path, lambda opened: heard.extend(opened.doors))
    assert heard == ["tcp", "unix"]
    assert [next(iter(manager.hear())) for _ in range(4)] == ["READY", "RELOADING", "READY", "STOPPING"]


def test_a_reload_that_the_end_overtakes_is_told_of_and_leaves_nothing(
    tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved.sock"
    stops = threading.Event()
    read = daemon.Daemon._read_again
    drain = daemon.Daemon.drain
    bound: list[bool] = []

    def read_at_the_end(self: daemon.Daemon, scope: Scope) -> Prepared:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stops.wait(BOUND_SECONDS)
        prepared = read(self, scope)
        bound.append(moved.is_socket())
        return prepared

    async def hear_one_more(self: daemon.Daemon) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        stops.set()
        await drain(self)

    def reload(_opened: Opened) -> None:
        (tmp_path / "doorward.toml").write_text(f'[doors.unix]\nlisten = "{moved}"\n')
        os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(daemon.Daemon, "_read_again", read_at_the_end)
    monkeypatch.setattr(daemon.Daemon, "drain", hear_one_more)
    serve(tmp_path, reload)
    assert bound == [True]
    assert not moved.exists()
    told = [manager.hear() for _ in range(4)]
    assert [next(iter(each)) for each in told] == ["READY", "RELOADING", "READY", "STOPPING"]
    assert told[2]["STATUS"].startswith("the last reload failed: the daemon stops; doors: tcp ")
    assert manager.hears_nothing()
