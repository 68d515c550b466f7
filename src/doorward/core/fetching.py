"""What is asked of an address on the network, and what came back, as an errand sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """
    A page that is wanted.

    Attributes:
        url: of any scheme that `doorward fetch` knows.
        headers: to be sent beside the usual ones.
        most_bytes: how long the body may be once it is unpacked.
        seconds: how long all of it may take.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = 64 * 1024 * 1024
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    A whole answer; one that was cut is an error instead.

    Attributes:
        url: where it came from in the end, after redirects.
        status: of HTTP; 200 for what comes by a protocol without one.
        headers: by their names in lower case; repeated ones are joined by `, `.
        body: unpacked.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
