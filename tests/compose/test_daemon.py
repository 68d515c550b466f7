"""A daemon that is reloaded, cannot open, or cannot clear up after itself."""

import asyncio
import json
import os
import resource
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from doorward.compose.daemon import Daemon
from doorward.compose.descriptors import DESCRIPTORS_OF_A_RUN, SPARE_DESCRIPTORS, allow_descriptors
from doorward.compose.serving import ServeOptions, run
from doorward.config import load_settings
from doorward.core.errors import ListenError
from doorward.core.limits import Limits
from doorward.core.principal import User
from doorward.stores.places import state_place
from doorward.stores.state import HeldState, hold_state
from doorward.stores.users import UserFile

pytestmark = pytest.mark.may_block("a start and an end read and write the state, before and after all peers")

BOUND_SECONDS = 10.0
FREE_DOORS = '[doors.tcp]\nlisten = ["127.0.0.1:0"]\n[doors.unix]\n'


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldState]:
    held = hold_state(tmp_path / "state")
    yield held
    held.release()


@asynccontextmanager
async def daemon_of(held: HeldState, config: str) -> AsyncIterator[Daemon]:
    file = held.folder.with_name("doorward.toml")
    file.write_text(config)
    file.chmod(0o600)
    daemon = Daemon(
        load_settings(file),
        state_place(str(held.folder), {}),
        held,
        environment={},
        read_settings=lambda: load_settings(file),
    )
    try:
        yield daemon
    finally:
        await daemon.close()


async def test_a_user_removed_during_a_reload_does_not_come_back(
    held: HeldState, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = UserFile(held.folder)
    file.add(User(name="eve", uid=4242))
    has_read, go = threading.Event(), threading.Event()
    load = UserFile.load

    def load_slowly(self: UserFile) -> tuple[User, ...]:
        users = load(self)
        has_read.set()
        assert go.wait(BOUND_SECONDS)
        return users

    async with daemon_of(held, FREE_DOORS) as daemon:
        await daemon.open()
        monkeypatch.setattr(UserFile, "load", load_slowly)
        first = daemon.reload()
        assert await asyncio.to_thread(has_read.wait, BOUND_SECONDS)
        monkeypatch.setattr(UserFile, "load", load)
        file.remove("eve")
        second = daemon.reload()
        go.set()
        assert (await first).endswith("; 1 user, 0 sessions ended\n")
        assert (await second).endswith("; 0 users, 0 sessions ended\n")


async def test_a_start_that_fails_leaves_no_socket_and_no_listener(held: HeldState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
        probe.close()
        listen = json.dumps([f"127.0.0.1:{free}", f"127.0.0.1:{taken.getsockname()[1]}"])
        async with daemon_of(held, f"[doors.unix]\n[doors.tcp]\nlisten = {listen}\n") as daemon:
            with pytest.raises(ListenError):
                await daemon.open()
            assert not (held.folder / "doorward.sock").exists()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", free))


async def test_doors_that_were_open_are_gone_after_the_end(held: HeldState) -> None:
    async with daemon_of(held, FREE_DOORS) as daemon:
        opened = await daemon.open()
        (path,) = opened.doors["unix"]
        assert Path(path).name in os.listdir(held.folder)
        await daemon.drain()
    assert Path(path).name not in os.listdir(held.folder)


async def test_the_end_leaves_the_next_daemon_s_socket_alone(tmp_path: Path) -> None:
    path = tmp_path / "doorward.sock"
    first, second = (hold_state(tmp_path / name) for name in ("first", "second"))
    config = f'[doors.unix]\nlisten = "{path}"\n'
    async with daemon_of(second, config) as next_one:
        async with daemon_of(first, config) as ending:
            await ending.open()
            await ending.drain()
            assert not path.exists()
            await next_one.open()
        assert path.is_socket()
    assert not path.exists()
    first.release()
    second.release()


def _block_doors_json(state: Path) -> None:
    (state / "doors.json").unlink()
    (state / "doors.json" / "in-the-way").mkdir(parents=True)


async def test_a_list_of_doors_that_cannot_be_removed_does_not_stop_the_drain(
    held: HeldState, caplog: pytest.LogCaptureFixture
) -> None:
    async with daemon_of(held, FREE_DOORS) as daemon:
        opened = await daemon.open()
        _block_doors_json(held.folder)
        await daemon.drain()
        assert "doors.json cannot be removed" in caplog.text
        host, _, port = opened.doors["tcp"][0].rpartition(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))


def test_a_list_of_doors_that_cannot_be_removed_does_not_fail_the_end(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = tmp_path / "doorward.toml"
    file.write_text(FREE_DOORS)
    file.chmod(0o600)

    def stop(_opened: object) -> None:
        _block_doors_json(state)
        os.kill(os.getpid(), signal.SIGTERM)

    with _signals_kept():
        run(ServeOptions(config=file, state=state, loop="asyncio"), stop)
    assert not (state / "doorward.sock").exists()


@contextmanager
def _signals_kept() -> Iterator[None]:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _descriptors(soft: int) -> Iterator[Callable[[], int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_descriptors_that_runs_take_are_counted() -> None:
    limits = Limits(connections=10, runs=100, runs_of_builtins=4)
    with _descriptors(300) as allowed:
        assert allow_descriptors(limits, doors=2) == ""
        assert allowed() == 20 + 104 * DESCRIPTORS_OF_A_RUN + SPARE_DESCRIPTORS


def test_a_system_that_allows_too_few_descriptors_is_told_in_numbers() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limits = Limits(connections=hard, runs=32, runs_of_builtins=4)
    needed = 2 * hard + 36 * DESCRIPTORS_OF_A_RUN + SPARE_DESCRIPTORS
    with _descriptors(300):
        assert allow_descriptors(limits, doors=2) == (
            f"{2 * hard} connections and 36 runs at once want {needed} descriptors, "
            f"and the system allows {hard}"
        )
