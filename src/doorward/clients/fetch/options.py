"""What holds for all requests of one client."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SILENCE_SECONDS = 60.0
"""A server that says nothing for so long is not waited for any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """
    What holds for all that is fetched.

    Attributes:
        authorities: a PEM file of the only certificates that may vouch for a server; None for the system's.
        proxy: a URL, or `none`; empty for what the environment says.
        uses_netrc: logins are looked up in $NETRC or ~/.netrc.
        silence_seconds: how long a server of HTTP may say nothing.
        environment: where proxies, netrc and home are looked up.
    """

    authorities: Path | None = None
    proxy: str = ""
    uses_netrc: bool = False
    silence_seconds: float = SILENCE_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
