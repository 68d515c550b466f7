"""
Lines of an `authorized_keys` file: each option is honoured, or the whole line refused.

Source: AUTHORIZED_KEYS FILE FORMAT of sshd(8).
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from doorward.core.errors import ConfigurationError
from doorward.core.keys import AuthorizedKey, is_source
from doorward.core.parameter import shown
from doorward.core.users import is_public_key

LINE_CHARACTERS = 16 * 1024

_OPTION = re.compile(r'(?P<name>[A-Za-z0-9-]+)(?:="(?P<value>(?:[^"\\]|\\.)*)")?(?P<end>,|[ \t]+)')
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_EXPECTED_TIME = "YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and Z for UTC"


def read_authorized_key(line: str) -> AuthorizedKey | None:
    """
    The key that stands on `line`; None for an empty line and a comment.

    Raises:
        ConfigurationError: it is no key that is trusted, or has an option that cannot be honoured.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    if len(line) > LINE_CHARACTERS or not line.replace("\t", " ").isprintable():
        raise ConfigurationError("this is no line of a public key")
    if is_public_key(line):
        return AuthorizedKey(blob=_blob_of(line))
    position = 0
    key = AuthorizedKey(blob=b"")
    seen: set[str] = set()
    for name, value, end in _options(line):
        if name in seen:
            raise ConfigurationError(f"{name} stands there twice")
        seen.add(name)
        key, position = _with_option(key, name, value), end
    if not is_public_key(line[position:]):
        raise ConfigurationError(
            "there is no public key", expected="options without blanks between them, then a key"
        )
    if key.principals and not key.is_authority:
        raise ConfigurationError("principals= is of an authority", expected="cert-authority beside it")
    return replace(key, blob=_blob_of(line[position:]))


def key_of(line: str) -> AuthorizedKey:
    """The key of `line`, of which `is_public_key` is true."""
    return AuthorizedKey(blob=_blob_of(line))


def authority_of(line: str) -> AuthorizedKey:
    """The same as an authority, whose certificates let in the users they name."""
    return AuthorizedKey(blob=_blob_of(line), is_authority=True)


def _blob_of(line: str) -> bytes:
    return base64.b64decode(line.split(None, 2)[1])


def _options(line: str) -> Iterator[tuple[str, str | None, int]]:
    """Yield each option with its value and where what follows it begins."""
    position = 0
    while match := _OPTION.match(line, position):
        position = match.end()
        value = match["value"]
        yield match["name"].lower(), None if value is None else value.replace('\\"', '"'), position
        if match["end"] != ",":
            return
    if position:
        raise ConfigurationError("an option is missing after a comma, or is none")


def _with_option(key: AuthorizedKey, name: str, value: str | None) -> AuthorizedKey:
    if (apply := _OPTIONS.get(name)) is None:
        raise ConfigurationError(
            f"{shown(name)} cannot be honoured here", expected=f"none but {', '.join(_OPTIONS)}"
        )
    if (name in _VALUED) is (value is None):
        raise ConfigurationError(f"{name} takes {'a' if name in _VALUED else 'no'} value")
    return apply(key, value or "")


def _restricted(key: AuthorizedKey, _value: str) -> AuthorizedKey:
    return replace(key, has_terminal=False)


def _with_terminal(key: AuthorizedKey, _value: str) -> AuthorizedKey:
    return replace(key, has_terminal=True)


def _unchanged(key: AuthorizedKey, _value: str) -> AuthorizedKey:
    """What it forbids is not there for anybody."""
    return key


def _from(key: AuthorizedKey, value: str) -> AuthorizedKey:
    patterns = tuple(pattern.strip() for pattern in value.split(","))
    for pattern in patterns:
        if not is_source(pattern):
            raise ConfigurationError(
                f"from= with {shown(pattern)} cannot be honoured here", expected="addresses and networks"
            )
    return replace(key, sources=patterns)


def _expires(key: AuthorizedKey, value: str) -> AuthorizedKey:
    digits = value.removesuffix("Z")
    form = _TIMES.get(len(digits))
    if form is None or not (digits.isascii() and digits.isdigit()):
        raise ConfigurationError("expiry-time= is no time", expected=_EXPECTED_TIME, found=shown(value))
    try:
        at = datetime.strptime(digits, form)  # noqa: DTZ007 - of the machine's own zone, as sshd takes it
    except ValueError as error:
        raise ConfigurationError(
            "expiry-time= is no time", expected=_EXPECTED_TIME, found=shown(value)
        ) from error
    at = at.replace(tzinfo=UTC) if value.endswith("Z") else at.astimezone()
    return replace(key, expires_at=at.timestamp())


def _command(key: AuthorizedKey, value: str) -> AuthorizedKey:
    if not value.strip():
        raise ConfigurationError("command= is empty", expected="a line of the catalogue")
    return replace(key, command=value)


def _principals(key: AuthorizedKey, value: str) -> AuthorizedKey:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names:
        raise ConfigurationError("principals= is empty", expected="names with commas between them")
    return replace(key, principals=names)


_OPTIONS: Mapping[str, Callable[[AuthorizedKey, str], AuthorizedKey]] = MappingProxyType(
    {
        "from": _from,
        "expiry-time": _expires,
        "command": _command,
        "cert-authority": lambda key, _: replace(key, is_authority=True),
        "principals": _principals,
        "restrict": _restricted,
        "no-pty": _restricted,
        "pty": _with_terminal,
        "no-touch-required": lambda key, _: replace(key, is_touched=False),
        "no-agent-forwarding": _unchanged,
        "no-port-forwarding": _unchanged,
        "no-x11-forwarding": _unchanged,
        "no-user-rc": _unchanged,
    }
)
_VALUED = frozenset({"from", "expiry-time", "command", "principals"})
