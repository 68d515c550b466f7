"""Hashes, and the threads that check them."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import ConfigurationError
from doorward.core.hashes import is_checkable
from doorward.core.ports import Verdict, Verifier
from doorward.core.secret import Secret
from doorward.stores.passwords import (
    COST,
    HashCheck,
    HashCost,
    PasswordVerifier,
    argon2_check,
    hash_password,
    hashing_workers,
    password_bytes,
)

CHEAP = HashCost(memory_kib=8, passes=1, lanes=1)
RIGHT = Secret("correct horse")
HASH = hash_password(RIGHT, cost=CHEAP)
SALT, TAG = "A" * 22, "A" * 43

Make = Callable[..., PasswordVerifier]


@pytest.fixture
def make_verifier() -> Iterator[Make]:
    made: list[PasswordVerifier] = []

    def make(*, waiting: int = 16, workers: int = 1, check: HashCheck = argon2_check) -> PasswordVerifier:
        made.append(
            PasswordVerifier(waiting=waiting, most_bytes=64, workers=workers, cost=CHEAP, check=check)
        )
        return made[-1]

    yield make
    for verifier in made:
        verifier.close()
        verifier.join()


class Gate:
    """A check that waits until it is let go, and tells when it began."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go = threading.Event()
        self.threads: set[str] = set()

    def __call__(self, password_hash: str, data: bytes) -> bool:
        self.threads.add(threading.current_thread().name)
        self.began.release()
        assert self.go.wait(10)
        return argon2_check(password_hash, data)


def test_a_hash_is_argon2id_with_the_cost_that_the_design_names() -> None:
    found = hash_password(RIGHT)
    assert found.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert (COST.memory_kib, COST.passes, COST.lanes) == (64 * 1024, 3, 1)
    assert is_checkable(found)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password(RIGHT, cost=CHEAP) != HASH


@pytest.mark.parametrize("text", ["", "x" * 65, "é" * 33, "\ud800", "x" * 100_000])
def test_what_cannot_be_a_password_gets_no_hash(text: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 64 bytes"):
        hash_password(Secret(text), most_bytes=64, cost=CHEAP)


def test_a_password_may_have_as_many_bytes_as_the_limit_says() -> None:
    found = hash_password(Secret("é" * 512), cost=CHEAP)
    assert argon2_check(found, "é".encode() * 512)


def test_a_password_typed_on_a_mac_is_the_one_typed_elsewhere() -> None:
    found = hash_password(Secret("caf\u00e9"), cost=CHEAP)
    data = password_bytes(Secret("cafe\u0301"), most_bytes=64)
    assert data is not None
    assert argon2_check(found, data)


@pytest.mark.parametrize(
    ("one", "other"), [("ﬁ", "fi"), ("²", "2"), ("\uff21", "A"), ("a", "a "), ("a", "A")]
)
def test_passwords_that_only_look_alike_stay_different(one: str, other: str) -> None:
    assert password_bytes(Secret(one), most_bytes=64) != password_bytes(Secret(other), most_bytes=64)


@given(text=st.text(max_size=80))
def test_bytes_of_a_password_are_within_the_limit_or_none(text: str) -> None:
    data = password_bytes(Secret(text), most_bytes=64)
    assert data is None or len(data) <= 64


@pytest.mark.parametrize(
    ("password_hash", "text", "verdict"),
    [
        (HASH, "correct horse", Verdict.RIGHT),
        (HASH, "correct horse ", Verdict.WRONG),
        (HASH, "", Verdict.WRONG),
        (HASH, "\ud800", Verdict.WRONG),
        (HASH, "x" * 65, Verdict.WRONG),
        (None, "correct horse", Verdict.WRONG),
        (None, "", Verdict.WRONG),
        ("garbage", "correct horse", Verdict.WRONG),
        (f"$argon2id$v=19$m=99999999,t=3,p=1${SALT}${TAG}", "correct horse", Verdict.WRONG),
        (f"$argon2id$v=19$m=8,t=1,p=1${SALT}${TAG}", "correct horse", Verdict.WRONG),
    ],
    ids=lambda value: "hash" if str(value).startswith("$argon2id$") else None,  # with a new salt each time
)
async def test_the_verdict_is_right_for_the_right_one_only(
    make_verifier: Make, password_hash: str | None, text: str, verdict: Verdict
) -> None:
    verifier: Verifier = make_verifier()
    assert await verifier.verify(password_hash=password_hash, password=Secret(text)) is verdict


async def test_one_more_than_may_wait_is_told_busy_at_once_and_later_ones_are_not(
    make_verifier: Make,
) -> None:
    gate = Gate()
    verifier = make_verifier(waiting=2, workers=1, check=gate)
    async with asyncio.TaskGroup() as tasks:
        taken = [tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT)) for _ in range(3)]
        await asyncio.sleep(0)
        assert await verifier.verify(password_hash=HASH, password=RIGHT) is Verdict.BUSY
        assert await verifier.verify(password_hash=None, password=RIGHT) is Verdict.BUSY
        gate.go.set()
    assert [task.result() for task in taken] == [Verdict.RIGHT] * 3
    assert await verifier.verify(password_hash=HASH, password=RIGHT) is Verdict.RIGHT


async def test_a_check_that_nobody_waits_for_any_more_frees_its_place(make_verifier: Make) -> None:
    gate = Gate()
    verifier = make_verifier(waiting=1, workers=1, check=gate)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT))
        gone = tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT))
        await asyncio.sleep(0)
        assert await verifier.verify(password_hash=HASH, password=RIGHT) is Verdict.BUSY
        gone.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT))
        await asyncio.sleep(0)
        gate.go.set()
    assert first.result() is second.result() is Verdict.RIGHT


async def test_no_more_threads_hash_than_were_asked_for(make_verifier: Make) -> None:
    gate = Gate()
    verifier = make_verifier(waiting=16, workers=2, check=gate)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT))
        await asyncio.sleep(0)
        gate.go.set()
    assert 1 <= len(gate.threads) <= 2
    assert threading.current_thread().name not in gate.threads


async def test_a_failure_of_the_check_comes_out_and_frees_its_place(make_verifier: Make) -> None:
    def fail(_password_hash: str, _data: bytes) -> bool:
        raise MemoryError

    verifier = make_verifier(waiting=1, workers=1, check=fail)
    for _ in range(5):
        with pytest.raises(MemoryError):
            await verifier.verify(password_hash=HASH, password=RIGHT)


async def test_the_loop_turns_while_a_password_is_checked(make_verifier: Make) -> None:
    gate = Gate()
    verifier = make_verifier(check=gate)
    async with asyncio.TaskGroup() as tasks:
        check = tasks.create_task(verifier.verify(password_hash=HASH, password=RIGHT))
        for _ in range(100):
            await asyncio.sleep(0)
            assert not check.done()
        gate.go.set()
    assert check.result() is Verdict.RIGHT


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 1), (3, 2), (16, 15)])
def test_one_core_is_left_to_the_loop(cores: int, workers: int) -> None:
    assert hashing_workers(cores) == workers


def test_argon2_is_not_imported_before_a_password_is_checked() -> None:
    code = "import sys, doorward.stores.passwords as p; "
    code += "p.PasswordVerifier(waiting=1, most_bytes=9, workers=1).close(); "
    code += "sys.exit('argon2' in sys.modules or '_argon2_cffi_bindings' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_check_that_finds_no_thread_is_busy_and_takes_nobodys_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verifier = PasswordVerifier(waiting=1, most_bytes=64, workers=1, cost=CHEAP)

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        for _ in range(5):
            assert await verifier.verify(password_hash=HASH, password=Secret("x")) is Verdict.BUSY
    assert await verifier.verify(password_hash=HASH, password=Secret("correct horse")) is Verdict.RIGHT
    verifier.close()
    await asyncio.to_thread(verifier.join)


@pytest.mark.parametrize("marks", [31, 2000])
def test_a_password_of_more_marks_than_anybody_types_is_none(marks: int) -> None:
    text = "a" + ("\u0301\u0316" * marks)[:marks]
    # the library would sort them in a time that grows with their square
    assert password_bytes(Secret(text), most_bytes=1 << 20) is None


def test_marks_that_a_person_types_are_normalized() -> None:
    assert password_bytes(Secret("Ve\u0301lo e\u0302\u0323"), most_bytes=64) == "V\u00e9lo \u1ec7".encode()
