"""Which login a request shows: one that is given or one of ~/.netrc, to its own server alone."""

import asyncio
import base64
import netrc
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from doorward.clients.fetch.addresses import Address
from doorward.clients.fetch.digest import answer, best_digest, read_challenges
from doorward.clients.fetch.redirects import Hop
from doorward.core.errors import ConnectError, TrustError
from doorward.core.fetching import Login
from doorward.core.secret import Secret

_NETRC_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Netrc:
    """
    The logins of a file as ftp(1) has it.

    Attributes:
        by_host: names and logins; an empty name is any other host.
    """

    by_host: Mapping[str, Login]

    def login_for(self, host: str) -> Login | None:
        """The login for `host`; None for none."""
        return self.by_host.get(host.lower()) or self.by_host.get("")


async def read_netrc(file: Path) -> Netrc:
    """
    Read `file`; one that is not there has no logins.

    Raises:
        ConnectError: it cannot be read.
        TrustError: others may read it.
    """
    return await asyncio.to_thread(read_netrc_now, file)


def netrc_file(environment: Mapping[str, str]) -> Path:
    """Where it stands: $NETRC, else ~/.netrc."""
    return Path(environment.get("NETRC") or os.path.join(environment.get("HOME", ""), ".netrc"))


def read_netrc_now(file: Path) -> Netrc:
    """As `read_netrc`, for where no loop waits."""
    try:
        status = os.stat(file)
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            raise TrustError(f"{file} holds passwords and others may read it; type: chmod 600 {file}")
        if status.st_size > _NETRC_BYTES:
            raise ConnectError(str(file), "login", f"it is longer than {_NETRC_BYTES} bytes")
        hosts = netrc.netrc(str(file)).hosts
    except FileNotFoundError:
        return Netrc({})
    except netrc.NetrcParseError as error:
        # its own words may show what stands there
        raise ConnectError(str(file), "login", f"line {error.lineno} is none of a netrc file") from None
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise ConnectError(str(file), "login", f"it cannot be read: {said}") from error
    return Netrc(
        {
            "" if host == "default" else host.lower(): Login(name=name, secret=Secret(password or ""))
            for host, (name, _, password) in hosts.items()
            if name
        }
    )


def bearer(address: Address, login: Login, proxy: Address | None) -> Secret:
    """
    The value of Authorization that shows a token.

    Raises:
        ConnectError: it would be overheard.
    """
    _check_confidential(address, login, proxy, "the token")
    return Secret(f"Bearer {login.secret.revealed}")


def answer_to(
    challenge_fields: Iterable[str], hop: Hop, login: Login, proxy: Address | None
) -> Secret | None:
    """
    The value of Authorization for a server that asks for a login; None when it asks for what we do not have.

    Digest is taken before Basic, which shows the password itself.

    Raises:
        ConnectError: the password would be overheard.
    """
    challenges = read_challenges(challenge_fields)
    if challenge := best_digest(challenges):
        target = hop.address.url.raw_path_qs
        return answer(
            challenge,
            login,
            method=hop.request.verb,
            target=target,
            client_nonce=secrets.token_hex(8),
        )
    if any(each.scheme == "basic" for each in challenges):
        _check_confidential(hop.address, login, proxy, "the password")
        return basic(login)
    return None


def basic(login: Login) -> Secret:
    """A name and a password. Source: RFC 7617."""
    pair = f"{login.name}:{login.secret.revealed}".encode()
    return Secret(f"Basic {base64.b64encode(pair).decode('ascii')}")


def _check_confidential(address: Address, login: Login, proxy: Address | None, what: str) -> None:
    leaves_in_the_clear = proxy is not None and not proxy.is_confidential and not address.is_encrypted
    if login.may_be_overheard:
        return
    if not address.is_confidential or leaves_in_the_clear:
        problem = f"over http {what} could be read by everybody on the way"
        raise ConnectError(address.shown, "login", problem, "Use https://, or --unencrypted.")
