"""Bearer tokens: a user's word for a program, which says who it is with every request."""

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from doorward.core.errors import ConfigurationError
from doorward.core.parameter import shown
from doorward.core.principal import ADMIN, GUEST, Login, Principal, User
from doorward.core.secret import Secret
from doorward.core.users import NAME_EXPECTED, is_user_name, role_problems

ID_EXPECTED = "8 characters of a-z and 2-7"
SUMMARY_CHARACTERS = 200
LAST_SECOND = 253_402_300_799
"""Of the year 9999, after which there are no dates to show."""

_ID_BYTES = 5
_SECRET_BYTES = 35
_DIGEST_BYTES = 32
_TEXT = re.compile(r"dw_([a-z2-7]{8})_([a-z2-7]{56})")
_TEXT_CHARACTERS = 68
_ID = re.compile(r"[a-z2-7]{8}")
_NOBODYS_DIGEST = bytes(_DIGEST_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """
    What is kept of a token: enough to know it again, and not enough to show it.

    Attributes:
        id: public; 8 characters of `a-z` and `2-7`.
        user: whose it is.
        digest: SHA-256 of the secret. That is enough, and argon2 would be a waste: a slow hash keeps whoever
            stole the file from trying all likely passwords, and of 280 random bits none is likelier than
            another. It is computed with every request.
        roles: those of the user's that it has; None for all that the user has at the time.
        expires_at: seconds since 1970, from which on it is worth nothing; None for never.
        summary: for people, one line of at most 200 characters.
        created_at: seconds since 1970.
    """

    id: str
    user: str
    digest: bytes = field(repr=False)
    roles: frozenset[str] | None = None
    expires_at: int | None = None
    summary: str = ""
    created_at: int = 0

    def is_expired(self, now: float) -> bool:
        """Whether it is worth nothing any more at `now`, in seconds since 1970."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True)
class ShownToken:
    """
    What its holder shows: `dw_ID_SECRET`.

    Attributes:
        id: public.
        secret: 56 characters of `a-z` and `2-7`, which are 280 bits.
    """

    id: str
    secret: Secret

    @property
    def text(self) -> Secret:
        """All of it, as `parse_token` reads it."""
        return Secret(f"dw_{self.id}_{self.secret.revealed}")

    @property
    def digest(self) -> bytes:
        """What is kept of the secret."""
        return sha256(self.secret.revealed.encode("ascii")).digest()

    def is_of(self, token: Token | None) -> bool:
        """Whether its secret is that of `token`; takes as long for None, for which it is not."""
        expected = _NOBODYS_DIGEST if token is None else token.digest
        return hmac.compare_digest(self.digest, expected) and token is not None


def new_token(random_bytes: Callable[[int], bytes]) -> ShownToken:
    """A token that nobody has seen; `random_bytes` gives as many as it is asked for, of the kernel's."""
    return ShownToken(_letters(random_bytes(_ID_BYTES)), Secret(_letters(random_bytes(_SECRET_BYTES))))


def parse_token(text: str) -> ShownToken | None:
    """
    Read the whole of `text` as a token; None for anything that `ShownToken.text` does not give.

    There is one text for each token: no other case, no padding, no space around it. A long one costs nothing.
    """
    if len(text) != _TEXT_CHARACTERS:
        return None
    match = _TEXT.fullmatch(text)
    return None if match is None else ShownToken(match[1], Secret(match[2]))


def is_token_id(text: str) -> bool:
    """Whether a token can have this id."""
    return _ID.fullmatch(text) is not None


def principal_of_token(user: User, token: Token) -> Principal:
    """The principal that `user`, whose token it is, becomes by it: never with more than they may."""
    return Principal(user.name, _granted(user, token) | {GUEST}, Login.TOKEN)


def lacking_roles(user: User, roles: Iterable[str]) -> tuple[str, ...]:
    """Those of `roles` that no token of `user` can have, in order; `admin` has every role."""
    return () if ADMIN in user.roles else tuple(sorted(set(roles) - user.roles))


def check_token(token: Token, *, file: str) -> None:
    """
    Make sure that `token` can be one; its user may be gone.

    Raises:
        ConfigurationError: the first thing that keeps it from being one; `file` is where it stands.
    """
    for error in _problems(token, file):
        raise error


def check_tokens(tokens: Iterable[Token], *, file: str) -> None:
    """
    Make sure that all of `tokens` can be, one beside the other.

    Raises:
        ConfigurationError: as for `check_token`, or two have one id.
    """
    seen: set[str] = set()
    for token in tokens:
        check_token(token, file=file)
        if token.id in seen:
            raise ConfigurationError("two tokens have this id", key=f"tokens.{token.id}", file=file)
        seen.add(token.id)


def check_number(number: int, *, most: int, file: str) -> None:
    """
    Make sure that there are no more tokens than `limits.tokens` allows.

    Raises:
        ConfigurationError: there are; it says what to do.
    """
    if number > most:
        raise ConfigurationError(
            f"{number} tokens are more than limits.tokens allows; revoke some, or raise it",
            key="tokens",
            file=file,
            expected=f"at most {most}",
        )


def _letters(data: bytes) -> str:
    # a multiple of five bytes needs no padding, and every bit counts
    return base64.b32encode(data).decode("ascii").lower()


def _granted(user: User, token: Token) -> frozenset[str]:
    if token.roles is None:
        return user.roles
    return token.roles if ADMIN in user.roles else token.roles & user.roles


def _problems(token: Token, file: str) -> Iterator[ConfigurationError]:
    if not is_token_id(token.id):
        # not shown: it may be a whole token
        yield ConfigurationError("this is no id of a token", key="tokens", file=file, expected=ID_EXPECTED)
        return
    for name, problem, expected, found in (*_of_owner(token), *_of_digest(token), *_of_rest(token)):
        key = f"tokens.{token.id}.{name}"
        yield ConfigurationError(problem, key=key, file=file, expected=expected, found=found)


_Flaw = tuple[str, str, str, str]
"""What it is that cannot be so, and the problem, what was expected and what was found."""


def _of_owner(token: Token) -> Iterator[_Flaw]:
    if not is_user_name(token.user):
        yield "user", "nobody can be called this", NAME_EXPECTED, shown(token.user)
    for role in sorted(token.roles or ()):
        for each in role_problems(role):
            yield "roles", each.problem, each.expected, each.found


def _of_digest(token: Token) -> Iterator[_Flaw]:
    if len(token.digest) != _DIGEST_BYTES:
        yield "digest", "this is no digest", "SHA-256 of the secret", ""


def _of_rest(token: Token) -> Iterator[_Flaw]:
    for name, seconds in (("created_at", token.created_at), ("expires_at", token.expires_at)):
        if seconds is not None and not 0 <= seconds <= LAST_SECOND:
            yield name, "this is no time", "seconds since 1970, up to the year 9999", ""
    if len(token.summary) > SUMMARY_CHARACTERS or not token.summary.isprintable():
        expected = f"one line of at most {SUMMARY_CHARACTERS} printable characters"
        yield "summary", "this is no summary", expected, shown(token.summary)
