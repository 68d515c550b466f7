"""Where an answer sends us, and whether we go; nothing is asked for here."""

from dataclasses import dataclass, replace

from yarl import URL

from doorward.clients.fetch.addresses import SCHEMES, Address, names_a_server
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest

MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})

HARMLESS_HEADERS = frozenset(
    {
        *("accept", "accept-language", "user-agent"),
        *("range", "if-range", "if-none-match", "if-modified-since"),
    }
)
"""What goes to another server too; anything else that a caller had sent may be a secret of this one."""


@dataclass(frozen=True, slots=True)
class Hop:
    """
    One request of the chain.

    Attributes:
        address: where it goes.
        request: what is asked there; its `url` and `login` are not looked at.
        is_first_origin: still the server that the caller named, which may hear the caller's secrets.
        redirects: how many answers led here.
    """

    address: Address
    request: FetchRequest
    is_first_origin: bool = True
    redirects: int = 0


def next_hop(hop: Hop, status: int, location: str) -> Hop | None:
    """
    Where to go from an answer; None when it is the last one.

    Raises:
        ConnectError: it leads where we do not go.
    """
    if status not in _REDIRECTS or not location:
        return None
    target = _target(hop, location)
    if hop.redirects >= MOST_REDIRECTS:
        raise _refused(hop, f"more than {MOST_REDIRECTS} redirects, the last one to {target.shown}")
    if hop.address.is_encrypted and not target.is_encrypted:
        raise _refused(hop, f"it leads from https to {target.shown}, which others could read or change")
    return _request_there(hop, status, target)


def _target(hop: Hop, location: str) -> Address:
    try:
        # aiohttp hands a field over as UTF-8 with what is none as surrogates
        url = hop.address.url.join(URL(location))
        # who comes by a redirect is said by nobody whom we have to believe
        url = url.with_user(None).with_fragment(None) if url.raw_host else url
        shown = str(url)
    except (ValueError, UnicodeError) as error:
        raise _refused(hop, "it leads to what is no URL") from error
    if url.scheme not in SCHEMES or not url.raw_host:
        raise _refused(hop, f"it leads to {shown[:200]}, and from a page of HTTP only HTTP is followed")
    if not names_a_server(url):
        raise _refused(hop, f"it leads to {shown[:200]!r}, which is no URL of HTTP")
    return Address(url)


def _request_there(hop: Hop, status: int, target: Address) -> Hop:
    request = hop.request
    stays = hop.address.is_same_origin(target)
    if status not in _KEEPS_METHOD:
        # RFC 9110 section 15.4: what every browser does with 301 and 302 too
        verb = "HEAD" if request.verb == "HEAD" else "GET"
        if status == 303 or request.verb == "POST":
            request = replace(request, method=verb, body=None)
    if request.body is not None and not stays:
        raise _refused(hop, f"it would take what is sent to another server, {target.shown}")
    if not stays:
        kept = {name: value for name, value in request.headers.items() if name.lower() in HARMLESS_HEADERS}
        request = replace(request, headers=kept)
    return Hop(target, request, hop.is_first_origin and stays, hop.redirects + 1)


def _refused(hop: Hop, problem: str) -> ConnectError:
    return ConnectError(
        hop.address.shown, "redirect", problem, "If that is what you want, ask for that address itself."
    )
