"""The tokens that stand in the state, in one file, none of which could be shown by what stands there."""

from collections.abc import Callable
from pathlib import Path

from doorward.core.errors import ConfigurationError, StateError
from doorward.core.tokens import Token, check_number, check_tokens, is_token_id
from doorward.stores.private_lists import PrivateList, texts

TOKENS_NAME = "tokens.json"

_MEMBERS = frozenset({"id", "user", "digest", "roles", "expires_at", "summary", "created_at"})


class TokenFile:
    """
    The tokens of one state folder, kept as `UserFile` keeps the users.

    Attributes:
        path: of the file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / TOKENS_NAME
        self._list = PrivateList(self.path, noun="tokens")

    def load(self) -> tuple[Token, ...]:
        """
        Read the file; without one there are no tokens.

        Raises:
            TrustError: others could have read or written it.
            StateError: it cannot be read, or does not hold tokens.
            ConfigurationError: a token in it cannot be one, or two have one id.
        """
        tokens = tuple(
            _token(member, f"{self.path}: token {number}")
            for number, member in enumerate(self._list.read(), start=1)
        )
        check_tokens(tokens, file=str(self.path))
        return tokens

    def find(self, token_id: str) -> Token:
        """
        The token with this id.

        Raises:
            ConfigurationError: there is none. What was asked for is shown only if it can be an id.
            TrustError, StateError: as for `load`.
        """
        for token in self.load():
            if token.id == token_id:
                return token
        raise ConfigurationError(
            "there is no such token here",
            key="tokens",
            file=str(self.path),
            found=repr(token_id) if is_token_id(token_id) else "",
        )

    def add(self, token: Token, *, most: int) -> None:
        """
        Add `token` to at most `most - 1` others.

        Raises:
            ConfigurationError: it cannot be one, its id is taken, or there are as many as may be.
            TrustError, StateError: as for `load`, or the file cannot be written. Nothing has changed.
        """

        def with_token(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
            check_number(len(tokens) + 1, most=most, file=str(self.path))
            return (*tokens, token)

        self._change(with_token)

    def remove(self, token_id: str) -> None:
        """
        Remove the token with this id; that it is gone already is no error.

        Raises:
            TrustError, StateError, ConfigurationError: as for `load`, or the file cannot be written.
        """
        self._change(lambda tokens: tuple(each for each in tokens if each.id != token_id))

    def remove_of(self, user: str) -> tuple[Token, ...]:
        """
        Remove and return all tokens of the user with this name; raises as `remove`.

        Where there are none, nothing is made or written.
        """
        if not any(token.user == user for token in self.load()):
            return ()
        removed: list[Token] = []

        def others(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
            removed.extend(token for token in tokens if token.user == user)
            return tuple(token for token in tokens if token.user != user)

        self._change(others)
        return tuple(removed)

    def _change(self, edit: Callable[[tuple[Token, ...]], tuple[Token, ...]]) -> None:
        with self._list.changing():
            tokens = edit(self.load())
            check_tokens(tokens, file=str(self.path))
            self._list.replace([_members(token) for token in tokens])


def _members(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "user": token.user,
        "digest": token.digest.hex(),
        "roles": None if token.roles is None else sorted(token.roles),
        "expires_at": token.expires_at,
        "summary": token.summary,
        "created_at": token.created_at,
    }


def _token(member: object, place: str) -> Token:
    # each of them has to be there: a token without an end or a bound on its roles is not made by a slip
    if not isinstance(member, dict) or member.keys() != _MEMBERS:
        raise StateError(f"{place} is not an object with {', '.join(sorted(_MEMBERS))}")
    for name in ("id", "user", "digest", "summary"):
        if not isinstance(member[name], str):
            raise StateError(f"{place}: the {name} is not a text")
    roles = member["roles"]
    return Token(
        id=member["id"],
        user=member["user"],
        digest=_digest(member["digest"], place),
        roles=None if roles is None else frozenset(texts(roles, f"{place}: roles")),
        expires_at=None if member["expires_at"] is None else _seconds(member["expires_at"], place),
        summary=member["summary"],
        created_at=_seconds(member["created_at"], place),
    )


def _digest(text: str, place: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        # not shown: it may be the secret itself
        raise StateError(f"{place}: the digest is no hexadecimal number") from error


def _seconds(found: object, place: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise StateError(f"{place}: a time is no whole number of seconds")
    return found
