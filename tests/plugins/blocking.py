"""
A call that blocks the event loop fails the test, whoever made it and whoever swallowed the error.

blockbuster replaces what can block by functions that raise when a loop runs in their thread. We note each
such error as well, since a catch-all around a connection would hide it from the test.
"""

import io
import os
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import blockbuster.blockbuster as detector
import pytest
from blockbuster import BlockBuster, BlockingError
from blockbuster.blockbuster import BlockBusterFunction


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    One place that may make one blocking call on the loop.

    Attributes:
        call: the name of the call, as the error gives it.
        file: how the path of the source file ends.
        functions: the functions in it that may have the call below them.
        because: why this does not hold up the loop.
    """

    call: str
    file: str
    functions: frozenset[str]
    because: str


ALLOWANCES: tuple[Allowance, ...] = (
    Allowance(
        "os.sendfile",
        "doorward/doors/web/files/direct.py",
        frozenset({"send_now"}),
        "the very bytes were read without waiting a moment before, and the socket does not block",
    ),
    Allowance(
        "os.write",
        "doorward/clients/_output.py",
        frozenset({"_write_some"}),
        "poll(2) just said that it takes so much, and the loop is that of one client alone",
    ),
)

# Beside what blockbuster knows: each of these waits for a disk, a resolver or a processor.
_EXTRA_CALLS = (
    "os.fsync",
    "os.fdatasync",
    "os.open",
    "os.rename",
    "shutil.rmtree",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
    "socket.getfqdn",
    "argon2.PasswordHasher.hash",
    "argon2.PasswordHasher.verify",
)


def _extra_functions() -> Iterator[tuple[str, BlockBusterFunction]]:
    for name in _EXTRA_CALLS:
        yield name, BlockBusterFunction(None, name)
    yield "os.waitpid", BlockBusterFunction(None, "os.waitpid", can_block_predicate=_waits_for_nothing)


def _waits_for_nothing(_pid: int, options: int) -> bool:
    return bool(options & os.WNOHANG)


def make_detector(allowances: Iterable[Allowance] = ALLOWANCES) -> BlockBuster:
    """Build a detector that is not active yet."""
    built = BlockBuster()
    built.functions.update({name: call for name, call in _extra_functions() if name not in built.functions})
    for allowance in allowances:
        built.functions[allowance.call].can_block_in(allowance.file, allowance.functions)
    return built


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Spare pytest's log file, when there is none: what a library logs on the loop goes to /dev/null too."""
    plugin = session.config.pluginmanager.get_plugin("logging-plugin")
    if plugin is not None and plugin.log_file_handler.baseFilename == os.devnull:
        plugin.log_file_handler.setStream(_Nowhere()).close()


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("may_block"):
        yield
        return
    noted: list[str] = []

    class NotedBlockingError(BlockingError):
        def __init__(self, func: str) -> None:
            super().__init__(func)
            noted.append(f"{func}\n{''.join(traceback.format_stack(limit=8)[:-2])}")

    # not by the test's own monkeypatch, which is undone before this: what it replaced is the detector's
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(detector, "BlockingError", NotedBlockingError)
        active = make_detector()
        active.activate()
        try:
            yield
        finally:
            active.deactivate()
    if noted:
        pytest.fail("the event loop was blocked by " + "\nand by ".join(noted), pytrace=False)
