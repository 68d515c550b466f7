"""The detector of blocking calls, shown on tests that block."""

import pytest

INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
markers =
    may_block(reason): no detector
"""

PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "tests.plugins.loops", "-p", "tests.plugins.blocking")

BOTH_LOOPS = '@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])'

BLOCKS = {
    "time.sleep": "time.sleep(0)",
    "BufferedReader.read": "pathlib.Path(__file__).read_bytes()",
    "os.read": "os.read(reader, 1)",
    "os.fsync": "os.fsync(writer)",
    "os.open": "os.open(__file__, os.O_RDONLY)",
    "os.waitpid": "os.waitpid(-1, 0)",
    "socket.getaddrinfo": 'socket.getaddrinfo("127.0.0.1", 1)',
    "PasswordHasher.hash": 'argon2.PasswordHasher().hash("x")',
}


HEAD = """
import asyncio, logging, os, pathlib, socket, subprocess, time
import argon2
import pytest

@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)
"""


def run(pytester: pytest.Pytester, *tests: str) -> pytest.RunResult:
    pytester.makeini(INI)
    pytester.makepyfile("\n".join((HEAD, *tests)))
    return pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", *PLUGINS)


def blocking_test(number: int, statement: str) -> str:
    return f"""
{BOTH_LOOPS}
async def test_{number}(pipe):
    reader, writer = pipe
    {statement}
"""


def test_a_blocking_call_fails_its_test_on_either_loop(pytester: pytest.Pytester) -> None:
    result = run(pytester, *(blocking_test(number, call) for number, call in enumerate(BLOCKS.values())))
    assert result.parseoutcomes()["failed"] == 2 * len(BLOCKS)
    for name in BLOCKS:
        result.stdout.fnmatch_lines_random([f"*Blocking call to *{name}*"] * 2)


def test_a_blocking_call_whose_error_was_swallowed_fails_the_test(pytester: pytest.Pytester) -> None:
    swallows = f"""
{BOTH_LOOPS}
async def test_one():
    try:
        time.sleep(0)
    except Exception:
        pass
"""
    result = run(pytester, swallows)
    assert result.parseoutcomes() == {"passed": 2, "errors": 2}
    result.stdout.fnmatch_lines(["*the event loop was blocked by time.sleep*", "*time.sleep(0)*"])


def test_what_does_not_block_passes(pytester: pytest.Pytester) -> None:
    waits_elsewhere = f"""
{BOTH_LOOPS}
async def test_one(pipe):
    reader, writer = pipe
    await asyncio.to_thread(time.sleep, 0)
    await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 1)
    os.set_blocking(reader, False)
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    logging.getLogger("library").error("said on the loop")
"""
    says_so = """
@pytest.mark.may_block("shows it")
async def test_two():
    time.sleep(0)
"""
    has_no_loop = """
def test_three():
    time.sleep(0)
"""
    assert run(pytester, waits_elsewhere, says_so, has_no_loop).parseoutcomes() == {"passed": 4}
