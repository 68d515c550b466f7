"""What a test left running, found and named."""

import pytest

INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""

PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "tests.plugins.loops", "-p", "tests.plugins.leftovers")

LEAVES = """
kept = []

async def forever():
    await asyncio.get_running_loop().create_future()

async def test_task():
    kept.append(asyncio.get_running_loop().create_task(forever()))
    await asyncio.sleep(0)

def test_child():
    kept.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0))
    kept[-1].stdin.write(b"x")
    assert kept[-1].stdout.read(1) == b"x"

def test_zombie():
    child = os.posix_spawnp("true", ["true"], {})
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)

def test_thread():
    kept.append(threading.Event())
    threading.Thread(target=kept[-1].wait, args=(5,), name="slow").start()

def test_that_ends_them():
    _, child, released = kept
    child.kill()
    child.communicate()
    released.set()
"""

COMPLAINTS = (
    "tasks are left: forever",
    "child processes are left: * (cat)",
    "child processes are left: * (ended, but not waited for)",
    "threads are left: slow",
)


def run(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makeini(INI)
    pytester.makepyfile(f"import asyncio, os, subprocess, threading\n{source}")
    return pytester.runpytest_subprocess("-q", *PLUGINS)


def test_what_is_left_running_fails_its_test(pytester: pytest.Pytester) -> None:
    result = run(pytester, LEAVES)
    assert result.parseoutcomes() == {"passed": 5, "errors": len(COMPLAINTS)}
    result.stdout.fnmatch_lines(COMPLAINTS)


def test_what_a_test_ended_itself_is_not_left(pytester: pytest.Pytester) -> None:
    source = """
async def test_one():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0))
    child = subprocess.Popen(["true"])
    child.wait()
    await asyncio.to_thread(int)
"""
    assert run(pytester, source).parseoutcomes() == {"passed": 1}
