"""What a hash looks like, and what its check may cost."""

import pytest
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type, verify_secret
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.hashes import cost_of, is_checkable, is_hash

SALT, TAG = "A" * 22, "A" * 43
_CHARACTERS = st.text("AQgw059+/", min_size=9, max_size=48)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "$argon2id$",
        f"$argon2i$v=19$m=65536,t=3,p=1${SALT}${TAG}",
        f"$argon2d$v=19$m=65536,t=3,p=1${SALT}${TAG}",
        f"$argon2id$v=16$m=65536,t=3,p=1${SALT}${TAG}",
        f"$argon2id$m=65536,t=3,p=1${SALT}${TAG}",
        f"$argon2id$v=19$m=065536,t=3,p=1${SALT}${TAG}",
        f"$argon2id$v=19$m=0,t=3,p=1${SALT}${TAG}",
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT}${TAG}\n",
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT}=$" + TAG,
        f"$argon2id$v=19$m=65536,t=3,p=1$AAAA${TAG}",
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT}$AAAA",
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT}$" + "A" * 200,
        f"$argon2id$v=19$m=٦٥٥٣٦,t=3,p=1${SALT}${TAG}",
        "$2b$12$" + "A" * 53,
        # bits of the last character that say nothing
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT[:-1]}B${TAG}",
        f"$argon2id$v=19$m=65536,t=3,p=1${SALT}${TAG[:-1]}B",
    ],
)
def test_what_is_no_hash_is_none(text: str) -> None:
    assert not is_hash(text)
    assert not is_checkable(text)


@pytest.mark.parametrize(
    "cost", ["m=262145,t=3,p=1", "m=65536,t=17,p=1", "m=65536,t=3,p=5", "m=7,t=1,p=1", "m=31,t=1,p=4"]
)
def test_a_hash_that_would_eat_the_machine_is_refused(cost: str) -> None:
    text = f"$argon2id$v=19${cost}${SALT}${TAG}"
    assert is_hash(text)
    assert not is_checkable(text)
    assert cost_of(text) == cost


@pytest.mark.parametrize("cost", ["m=262144,t=16,p=4", "m=8,t=1,p=1", "m=19456,t=2,p=1"])
def test_a_hash_within_the_bounds_will_do(cost: str) -> None:
    assert is_checkable(f"$argon2id$v=19${cost}${SALT}${TAG}")


@given(salt=_CHARACTERS, tag=_CHARACTERS)
def test_whatever_is_checkable_is_checked_by_the_library(salt: str, tag: str) -> None:
    text = f"$argon2id$v=19$m=8,t=1,p=1${salt}${tag}"
    if is_checkable(text):
        # a mismatch is the outcome of a real check; what the library cannot read is another error
        with pytest.raises(VerifyMismatchError):
            verify_secret(text.encode("ascii"), b"x", Type.ID)
