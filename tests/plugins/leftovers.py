"""A test leaves nothing running: no task on its loop, no child process, no thread that holds up the exit."""

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio


def children_of(pid: int) -> set[int]:
    """List the living and the unreaped children that the threads of a process started."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found.update(int(word) for word in (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended meanwhile
    return found


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    before = children_of(os.getpid())
    yield
    left = children_of(os.getpid()) - before
    if left:
        pytest.fail("child processes are left: " + ", ".join(map(_described, sorted(left))), pytrace=False)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = {thread for thread in set(threading.enumerate()) - before if _holds_up_the_exit(thread)}
    if left:
        names = ", ".join(sorted(thread.name for thread in left))
        pytest.fail(f"threads are left: {names}", pytrace=False)


@pytest_asyncio.fixture
async def _no_task_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    here = asyncio.current_task()
    left = {task for task in asyncio.all_tasks() - before if task is not here and not task.done()}
    if left:
        names = ", ".join(sorted(_coroutine_name(task) for task in left))
        pytest.fail(f"tasks are left: {names}", pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Watch over the tasks of every test that has a loop; the others get none for it."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
        item.fixturenames.insert(0, "_no_task_is_left")


def _holds_up_the_exit(thread: threading.Thread) -> bool:
    # a loop's own executor is joined when the loop is closed, which comes after this fixture
    return not thread.daemon and not thread.name.startswith(("asyncio_", "uvloop_"))


def _described(pid: int) -> str:
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rpartition(") ")[2][0]
        words = (process / "cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return str(pid)
    line = b" ".join(words).decode(errors="replace").strip()
    return f"{pid} ({'ended, but not waited for' if state == 'Z' else line})"


def _coroutine_name(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
