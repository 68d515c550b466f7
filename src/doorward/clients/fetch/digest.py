"""Digest login of HTTP: what a challenge asks, and what is answered. Source: RFC 7616."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from doorward.core.fetching import Login
from doorward.core.secret import Secret

_SCHEME = re.compile(r"\s*+(?:,\s*+)?+([A-Za-z0-9!#$%&'*+.^_`|~-]++)(?=\s|,|$)")
_PARAMETER = re.compile(
    r'\s*+(?:,\s*+)?+([A-Za-z0-9!#$%&\'*+.^_`|~-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s",]++))'
)
_CHALLENGE_BYTES = 8 * 1024
_MOST_CHALLENGES = 8

_ALGORITHMS = {"SHA-256": "sha256", "SHA-512-256": "sha512_256", "MD5": "md5"}
"""In the order in which they are taken."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """
    One way in that a server offers.

    Attributes:
        scheme: `digest`, `basic`, `bearer` or another, in lower case.
        parameters: names in lower case, values without their quotes.
    """

    scheme: str
    parameters: Mapping[str, str]

    @property
    def algorithm(self) -> str:
        """Of Digest, in capitals, without `-sess`."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix("-SESS")


def read_challenges(fields: Iterable[str]) -> list[Challenge]:
    """The ways in that the values of WWW-Authenticate offer; what cannot be read ends the list."""
    text = ", ".join(fields)[:_CHALLENGE_BYTES]
    found: list[Challenge] = []
    place = 0
    while len(found) < _MOST_CHALLENGES and (scheme := _SCHEME.match(text, place)):
        place = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, place):
            place = parameter.end()
            quoted = parameter[2]
            value = parameter[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            parameters.setdefault(parameter[1].lower(), value)
        found.append(Challenge(scheme[1].lower(), parameters))
    return found


def best_digest(challenges: Iterable[Challenge]) -> Challenge | None:
    """The strongest of those of Digest that can be answered; None for none."""
    able = [each for each in challenges if each.scheme == "digest" and _can_answer(each)]
    order = list(_ALGORITHMS)
    return min(able, key=lambda each: order.index(each.algorithm), default=None)


def _can_answer(challenge: Challenge) -> bool:
    parameters = challenge.parameters
    offered = {each.strip() for each in parameters.get("qop", "auth").split(",")}
    return challenge.algorithm in _ALGORITHMS and "auth" in offered and "nonce" in parameters


def answer(challenge: Challenge, login: Login, *, method: str, target: str, client_nonce: str) -> Secret:
    """
    The value of Authorization for a request.

    Args:
        challenge: one that `best_digest` found.
        login: a name and a password.
        method: of the request.
        target: its path and query, as they are sent.
        client_nonce: some 16 random digits.
    """
    parameters = challenge.parameters
    realm, nonce = parameters.get("realm", ""), parameters["nonce"]
    hashed = partial(_hash_of, _ALGORITHMS[challenge.algorithm])
    first = hashed(f"{login.name}:{realm}:{login.secret.revealed}")
    if parameters.get("algorithm", "").upper().endswith("-SESS"):
        first = hashed(f"{first}:{nonce}:{client_nonce}")
    second = hashed(f"{method}:{target}")
    fields = {"username": login.name, "realm": realm, "nonce": nonce, "uri": target}
    plain = {}
    if "qop" in parameters:
        count = "00000001"
        fields["response"] = hashed(f"{first}:{nonce}:{count}:{client_nonce}:auth:{second}")
        fields["cnonce"] = client_nonce
        plain = {"nc": count, "qop": "auth"}
    else:  # RFC 2069, which some cameras and switches still speak
        fields["response"] = hashed(f"{first}:{nonce}:{second}")
    if "algorithm" in parameters:
        plain["algorithm"] = parameters["algorithm"]
    if "opaque" in parameters:
        fields["opaque"] = parameters["opaque"]
    written = [f'{name}="{_quoted(value)}"' for name, value in fields.items()]
    written += [f"{name}={value}" for name, value in plain.items()]
    return Secret(f"Digest {', '.join(written)}")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _hash_of(algorithm: str, text: str) -> str:
    """By a hash of OpenSSL's, in hexadecimal digits."""
    return hashlib.new(algorithm, text.encode("utf-8"), usedforsecurity=False).hexdigest()
