"""A URL of HTTP as it was typed, as it is asked for, and as it may be shown."""

import re
from dataclasses import dataclass

from yarl import URL

from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError
from doorward.core.fetching import Login, without_login
from doorward.core.secret import Secret

SCHEMES = frozenset({"http", "https"})

_AS_IT_IS = re.compile(r"[A-Za-z]+://(?:(?![/?#])[!-~])+/[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HINT = "Write http://HOST/PATH or https://HOST/PATH, an IPv6 address as in http://[::1]/."


@dataclass(frozen=True, slots=True)
class Address:
    """
    Where a request goes.

    Attributes:
        url: without a login and without a fragment.
        login: what stood before the host; None for nothing.
    """

    url: URL
    login: Login | None = None

    @property
    def shown(self) -> str:
        """As it may be shown."""
        return str(self.url)

    @property
    def host(self) -> str:
        """A name in ASCII, or an address without brackets."""
        return self.url.raw_host or ""

    @property
    def is_encrypted(self) -> bool:
        return self.url.scheme == "https"

    @property
    def is_confidential(self) -> bool:
        """Whether nobody in between reads what is said: it is encrypted, or does not leave this machine."""
        return self.is_encrypted or is_this_machine(self.host)

    def is_same_origin(self, other: "Address") -> bool:
        """Whether scheme, host and port are the same. Source: RFC 6454 section 4."""
        return self.url.origin() == other.url.origin()


def names_a_server(url: URL) -> bool:
    """Whether there is a host that can be one, and a port that can be connected to."""
    return bool(_HOST.fullmatch(url.raw_host or "") and url.port)


def read_address(text: str) -> Address:
    """
    Read a URL of HTTP; a space or a letter that is not ASCII is escaped, what is escaped already stays.

    Raises:
        ConnectError: it is none.
    """
    try:
        # yarl would rewrite what is fine as it is, and a signature over it would not be valid any more
        is_fine = _AS_IT_IS.fullmatch(text) and not _BROKEN_ESCAPE.search(text) and "/.." not in text
        url = URL(text, encoded=bool(is_fine))
        if url.scheme.lower() not in SCHEMES or not names_a_server(url):
            raise ValueError(text)
        if is_fine:
            url = url.with_host(url.raw_host or "")
        name, password = url.user, url.password
        url = url.with_user(None).with_fragment(None)
    except ValueError as error:
        raise ConnectError(without_login(text), "address", "this is no URL of HTTP", _HINT) from error
    if name is None and password is None:
        return Address(url)
    return Address(url, Login(name=name or "", secret=Secret(password or "")) if name else None)
