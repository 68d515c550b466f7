"""Tokens: one text for each, and a principal that may no more than its user."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import ConfigurationError
from doorward.core.principal import ADMIN, GUEST, Login, User
from doorward.core.secret import Secret
from doorward.core.tokens import (
    LAST_SECOND,
    ShownToken,
    Token,
    check_number,
    check_token,
    check_tokens,
    is_token_id,
    lacking_roles,
    new_token,
    parse_token,
    principal_of_token,
)

SHOWN = new_token(Random(1).randbytes)
TOKEN = Token(id=SHOWN.id, user="alice", digest=SHOWN.digest, created_at=1_750_000_000)

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
SHOWN_TOKENS = st.builds(
    ShownToken,
    st.text(LETTERS, min_size=8, max_size=8),
    st.builds(Secret, st.text(LETTERS, min_size=56, max_size=56)),
)


@given(shown=SHOWN_TOKENS)
def test_what_is_written_is_what_is_read(shown: ShownToken) -> None:
    assert parse_token(shown.text.revealed) == shown


@given(
    text=st.text()
    | st.from_regex(r"dw_[a-z2-7]*_[a-z2-7]*")
    | SHOWN_TOKENS.map(lambda t: t.text.revealed + " ")
)
def test_whatever_is_read_is_the_one_text_of_its_token(text: str) -> None:
    shown = parse_token(text)
    assert shown is None or shown.text.revealed == text


@given(shown=SHOWN_TOKENS, place=st.integers(0, 67), other=st.characters())
def test_a_text_with_one_other_character_is_another_token_or_none(
    shown: ShownToken, place: int, other: str
) -> None:
    text = shown.text.revealed
    changed = text[:place] + other + text[place + 1 :]
    assert (parse_token(changed) == shown) is (changed == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dw__",
        SHOWN.text.revealed.upper(),
        SHOWN.text.revealed + "\n",
        " " + SHOWN.text.revealed,
        SHOWN.text.revealed[:-1],
        SHOWN.text.revealed + "a",
        SHOWN.text.revealed * 10_000,
        SHOWN.text.revealed.replace("dw_", "DW_"),
        f"dw_{SHOWN.id[:-1]}_{SHOWN.secret.revealed}a",
        f"dw_{SHOWN.id}-{SHOWN.secret.revealed}",
        f"dw_{SHOWN.id}_{SHOWN.secret.revealed[:-1]}\N{FULLWIDTH DIGIT TWO}",
        f"dw_{SHOWN.id}_{SHOWN.secret.revealed[:-1]}\ud800",
        f"dw_{SHOWN.id}_{SHOWN.secret.revealed[:-1]}1",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_token(text) is None


def test_a_new_one_takes_its_bits_of_the_randomness_that_it_is_given() -> None:
    asked: list[int] = []

    def zeros(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    assert new_token(zeros).text.revealed == "dw_aaaaaaaa_" + "a" * 56
    assert sum(asked) == 40
    assert asked[1] * 8 >= 256


@given(data=st.binary(min_size=40, max_size=40), bit=st.integers(0, 319))
def test_every_random_bit_counts(data: bytes, bit: int) -> None:
    def text_of(data: bytes) -> str:
        rest = [*data]
        return new_token(lambda count: bytes(rest.pop(0) for _ in range(count))).text.revealed

    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    assert text_of(data) != text_of(bytes(flipped))


def test_a_secret_is_that_of_its_own_token_alone() -> None:
    other = new_token(Random(2).randbytes)
    assert SHOWN.is_of(TOKEN)
    assert not other.is_of(TOKEN)
    assert not SHOWN.is_of(replace(TOKEN, digest=bytes(32)))
    assert not SHOWN.is_of(None)


def test_neither_text_nor_digest_is_seen_by_mistake() -> None:
    seen = f"{SHOWN} {SHOWN!r} {SHOWN.text} {TOKEN} {TOKEN!r}"
    assert SHOWN.secret.revealed not in seen
    assert repr(SHOWN.digest) not in seen
    assert SHOWN.id in seen


@pytest.mark.parametrize(
    ("expires_at", "now", "is_expired"),
    [(None, 1e12, False), (100, 99.999, False), (100, 100.0, True), (100, 101.0, True)],
)
def test_it_expires_at_its_second(expires_at: int | None, now: float, *, is_expired: bool) -> None:
    assert replace(TOKEN, expires_at=expires_at).is_expired(now) is is_expired


def roles_of(user: set[str], token: set[str] | None) -> frozenset[str]:
    of_token = None if token is None else frozenset(token)
    principal = principal_of_token(User(name="alice", roles=frozenset(user)), replace(TOKEN, roles=of_token))
    assert (principal.name, principal.login, principal.is_guest) == ("alice", Login.TOKEN, False)
    assert principal.is_admin is (ADMIN in principal.roles)
    return principal.roles - {GUEST}


def test_without_roles_of_its_own_it_has_all_of_its_user() -> None:
    assert roles_of({"operator", "backup"}, None) == {"operator", "backup"}
    assert roles_of({ADMIN}, None) == {ADMIN}


def test_with_roles_it_has_those_that_its_user_has_too() -> None:
    assert roles_of({"operator", "backup"}, {"backup"}) == {"backup"}
    assert roles_of({"operator"}, {"operator", ADMIN}) == {"operator"}
    assert roles_of({"operator"}, set()) == frozenset()
    assert roles_of(set(), {"operator"}) == frozenset()


def test_an_admin_s_may_have_any_role_since_admin_may_do_everything() -> None:
    assert roles_of({ADMIN}, {"operator"}) == {"operator"}
    assert roles_of({ADMIN}, {"operator", ADMIN}) == {"operator", ADMIN}


ROLES = st.frozensets(st.sampled_from([ADMIN, "a", "b", "c"]))


@given(user=ROLES, token=st.none() | ROLES)
def test_it_never_may_more_than_its_user(user: frozenset[str], token: frozenset[str] | None) -> None:
    granted = roles_of(set(user), None if token is None else set(token))
    assert granted <= user or ADMIN in user
    assert not lacking_roles(User(name="alice", roles=user), granted)


def test_roles_that_its_user_lacks_are_named_in_order() -> None:
    assert lacking_roles(User(name="alice", roles=frozenset({"b"})), ["c", "b", "a"]) == ("a", "c")
    assert lacking_roles(User(name="root", roles=frozenset({ADMIN})), ["c"]) == ()


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (replace(TOKEN, id=""), "this is no id of a token"),
        (replace(TOKEN, id="ABCDEFGH"), "this is no id of a token"),
        (replace(TOKEN, id=SHOWN.text.revealed), "this is no id of a token"),
        (replace(TOKEN, user=""), "user: nobody can be called this"),
        (replace(TOKEN, user=GUEST), "user: nobody can be called this"),
        (replace(TOKEN, user="al\x1bice"), "user: nobody can be called this"),
        (replace(TOKEN, digest=b""), "digest: this is no digest"),
        (replace(TOKEN, digest=bytes(33)), "digest: this is no digest"),
        (replace(TOKEN, roles=frozenset({"a b"})), "roles: a role cannot be called this"),
        (replace(TOKEN, created_at=-1), "created_at: this is no time"),
        (replace(TOKEN, expires_at=LAST_SECOND + 1), "expires_at: this is no time"),
        (replace(TOKEN, summary="two\nlines"), "summary: this is no summary"),
        (replace(TOKEN, summary="\x1b[2J"), "summary: this is no summary"),
        (replace(TOKEN, summary="\u202e"), "summary: this is no summary"),
        (replace(TOKEN, summary="x" * 201), "summary: this is no summary"),
    ],
)
def test_what_cannot_be_one_is_refused_and_told_in_one_line(token: Token, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_token(token, file="tokens.json")
    assert str(caught.value).startswith("tokens.json: tokens")
    assert str(caught.value).isprintable()
    assert SHOWN.secret.revealed not in str(caught.value)


def test_what_can_be_one_passes() -> None:
    check_token(TOKEN, file="")
    for token in (
        replace(TOKEN, roles=frozenset(), expires_at=0),
        replace(TOKEN, roles=frozenset({ADMIN, "operator"}), expires_at=LAST_SECOND),
        replace(TOKEN, user=ADMIN, summary="der Wächter von nebenan " + "x" * 176),
    ):
        check_token(token, file="")


def test_two_with_one_id_are_refused() -> None:
    check_tokens([TOKEN, replace(TOKEN, id="aaaaaaaa")], file="f")
    with pytest.raises(ConfigurationError, match=f"f: tokens.{TOKEN.id}: two tokens have this id"):
        check_tokens([TOKEN, replace(TOKEN, user="bob")], file="f")


def test_more_than_the_limit_are_refused_and_it_says_what_to_do() -> None:
    check_number(7, most=7, file="f")
    with pytest.raises(
        ConfigurationError, match=r"8 tokens are more than limits\.tokens allows; revoke some"
    ):
        check_number(8, most=7, file="f")


def test_an_id_is_told_from_a_token() -> None:
    assert is_token_id(SHOWN.id)
    assert not is_token_id(SHOWN.text.revealed)
    assert not is_token_id(f"{SHOWN.id}\n")
