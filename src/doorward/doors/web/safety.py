"""What makes a request or an answer safe for a browser: decisions only, nothing is sent here."""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType

SAFE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
            "form-action 'self'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Server": "doorward",
    }
)
"""
On every answer that does not say otherwise.

Source: OWASP ASVS 5.0, 3.4; the policy allows no inline script or style, and no page around ours.
"""

ENCRYPTED_HEADERS: Mapping[str, str] = MappingProxyType(
    {**SAFE_HEADERS, "Strict-Transport-Security": "max-age=31536000"}
)
"""
The same where the browser's way to us is encrypted: it is to come so for a year.

Source: hstspreload.org asks for a year; not for subdomains, which may be somebody else's.
"""

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")


def host_name(header: str) -> str:
    """The name or address in a Host header, in lower case, without brackets and port; empty for none."""
    match = _HOST.fullmatch(header)
    return match["host"].lower().strip("[]").removesuffix(".") if match else ""


def is_host_of(origin: str, header: str) -> bool:
    """Whether a Host header means the host of `origin`, which is `https://host:port`."""
    return host_name(header) == host_name(origin.partition("://")[2])


def is_known_host(header: str, *, hosts: frozenset[str]) -> bool:
    """
    Whether a Host header may be answered.

    An address may be always: a page that has its own name resolve to us (DNS rebinding) sends that name.
    """
    host = host_name(header)
    if not host:
        return False
    return host == "localhost" or host.endswith(".localhost") or host in hosts or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_ours(headers: Mapping[str, str], *, own_origin: str) -> bool:
    """
    Whether a request that changes something comes from a page of ours, or from no browser.

    Args:
        headers: of the request.
        own_origin: `https://host:port` as the browser knows us.

    Source: OWASP's cheat sheet on CSRF; every browser since 2020 sends Origin with POST, and since 2023
    Sec-Fetch-Site.
    """
    origin = headers.get("Origin")
    if origin is not None:
        return origin == own_origin
    return headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether another site's page had the browser ask for this, by a link or otherwise."""
    return headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}


def is_foreign_fetch(headers: Mapping[str, str]) -> bool:
    """
    Whether another site's page makes a browser fetch this, and does not go there.

    It could not read the answer, but would have a command run with what the browser remembers of Basic.
    """
    return is_from_elsewhere(headers) and headers.get("Sec-Fetch-Mode") != "navigate"
