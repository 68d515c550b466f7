"""What a request shows to say who it is from; pure."""

import base64
import binascii
from dataclasses import dataclass

from doorward.core.secret import Secret

_HEADER_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and a password, as Basic has them."""

    name: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token."""

    token: Secret


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An Authorization header that is neither, or that breaks off."""


def read_authorization(header: str) -> Pair | Bearer | Unreadable:
    """
    What an Authorization header shows.

    Source: RFC 7617 with charset UTF-8; RFC 6750 section 2.1.
    """
    scheme, _, rest = header.partition(" ")
    if len(header) > _HEADER_CHARACTERS:
        return Unreadable()
    match scheme.lower():
        case "basic":
            return _pair(rest.strip())
        case "bearer" if rest.strip():
            return Bearer(Secret(rest.strip()))
        case _:
            return Unreadable()


def _pair(encoded: str) -> Pair | Unreadable:
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return Unreadable()
    return Pair(name, Secret(password)) if colon else Unreadable()


def read_cookie(header: str, name: str) -> str:
    """The value of the cookie `name` in a Cookie header; empty for none."""
    for part in header.split(";", 64)[:64]:
        key, equals, value = part.strip().partition("=")
        if equals and key == name:
            return value
    return ""
