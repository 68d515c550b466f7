"""Passwords: hashed with Argon2id, and checked in threads of their own with the same work for everybody."""

import base64
import os
import secrets
import threading
import unicodedata
from asyncio import wrap_future
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from doorward.core.errors import ConfigurationError
from doorward.core.hashes import is_checkable
from doorward.core.limits import Limits
from doorward.core.ports import Verdict
from doorward.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """
    What one hash costs.

    Attributes:
        memory_kib: KiB of memory.
        passes: over that memory.
        lanes: computed side by side.
    """

    memory_kib: int
    passes: int
    lanes: int


COST = HashCost(memory_kib=64 * 1024, passes=3, lanes=1)
"""About 200 ms. Source: RFC 9106 section 4, the second choice, with one lane as we hash on one core."""

_GENERATED_BYTES = 15
_SALT_BYTES = 16
_TAG_BYTES = 32
_MARKS_MOST = 30

HashCheck = Callable[[str, bytes], bool]


def password_bytes(password: Secret, *, most_bytes: int) -> bytes | None:
    """
    The bytes that are hashed: UTF-8 in normalization form C; None when they are too many or cannot be.

    Source: the OpaqueString profile of RFC 8265 section 4.2 asks for form C, so that one typed on a Mac
    is the one typed elsewhere. Form KC would make different passwords equal.
    """
    text = password.revealed
    # form C can only shorten what is this much longer
    if len(text) > 4 * most_bytes or not _is_quickly_normalized(text):
        return None
    try:
        data = unicodedata.normalize("NFC", text).encode()
    except UnicodeEncodeError:
        return None
    return data if len(data) <= most_bytes else None


def _is_quickly_normalized(text: str) -> bool:
    """
    Whether no more marks follow each other than a person types: sorting them takes time by their square.

    Source: the Stream-Safe Text Format of UAX #15 section 13, which allows 30.
    """
    if text.isascii():
        return True
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MARKS_MOST:
            return False
    return True


def generated_password() -> Secret:
    """A random password of 20 letters, digits, - and _: 120 bits."""
    return Secret(secrets.token_urlsafe(_GENERATED_BYTES))


def hash_password(
    password: Secret, *, most_bytes: int = Limits().password_bytes, cost: HashCost = COST
) -> str:
    """
    Hash `password` with a new salt, in the PHC string format; takes its time, in this thread.

    Raises:
        ConfigurationError: it is empty, over `most_bytes`, or no text.
    """
    from argon2.low_level import Type, hash_secret

    data = password_bytes(password, most_bytes=most_bytes)
    if not data:
        raise ConfigurationError(
            "this cannot be a password", expected=f"1 to {most_bytes:,} bytes of text in UTF-8"
        )
    return hash_secret(
        data,
        os.urandom(_SALT_BYTES),
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_TAG_BYTES,
        type=Type.ID,
    ).decode("ascii")


def argon2_check(password_hash: str, data: bytes) -> bool:
    """Whether `password_hash` is one of `data`; takes the time that the hash says."""
    from argon2.exceptions import VerificationError
    from argon2.low_level import Type, verify_secret

    try:
        return verify_secret(password_hash.encode("ascii"), data, Type.ID)
    except VerificationError:
        return False


class PasswordVerifier:
    """
    The `Verifier`: hashes in `workers` threads, with at most `waiting` more checks in line.

    A user without a hash, or with one that is none, costs the hash that every other user costs as long as
    theirs were made by `hash_password`.
    """

    def __init__(
        self,
        *,
        waiting: int,
        most_bytes: int,
        workers: int,
        cost: HashCost = COST,
        check: HashCheck = argon2_check,
    ) -> None:
        self._most_bytes = most_bytes
        self._check = check
        self._nobodys_hash = _hash_of_nothing(cost)
        self._free = threading.BoundedSemaphore(workers + waiting)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="password")

    async def verify(self, *, password_hash: str | None, password: Secret) -> Verdict:
        data = password_bytes(password, most_bytes=self._most_bytes)
        if data is None:
            # no hash can be of it, whoever is asked for: that tells nothing about users
            return Verdict.WRONG
        if not self._free.acquire(blocking=False):
            return Verdict.BUSY
        try:
            work = self._pool.submit(self._is_right, password_hash, data)
        except RuntimeError:
            # the system starts no more threads, or this is closed
            self._free.release()
            return Verdict.BUSY
        work.add_done_callback(self._done)
        return Verdict.RIGHT if await wrap_future(work) else Verdict.WRONG

    def close(self) -> None:
        """Take no more checks and drop those in line; the threads end with the hashes that they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait for the threads to end after `close`; blocks as long as a hash takes, so never on a loop."""
        self._pool.shutdown(wait=True)

    def _is_right(self, password_hash: str | None, data: bytes) -> bool:
        if password_hash is None or not is_checkable(password_hash):
            self._check(self._nobodys_hash, data)
            return False
        return self._check(password_hash, data)

    def _done(self, _work: Future[bool]) -> None:
        self._free.release()


def hashing_workers(cores: int) -> int:
    """How many hashes may be computed at once on a machine with `cores`: all but the loop's, at least one."""
    return max(1, cores - 1)


def _hash_of_nothing(cost: HashCost) -> str:
    """A well-formed hash that no known password has: its tag is random."""
    salt, tag = (
        base64.b64encode(os.urandom(size)).decode("ascii").rstrip("=") for size in (_SALT_BYTES, _TAG_BYTES)
    )
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${tag}"
