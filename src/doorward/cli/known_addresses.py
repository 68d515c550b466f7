"""Where the daemons of states that are known listen, as URLs to type."""

import contextlib
from collections.abc import Iterator, Mapping

from doorward.core.addresses import parse_address
from doorward.core.errors import DoorwardError, one_line
from doorward.stores.places import known_states
from doorward.stores.state import is_trusted, read_doors

_SCHEMES = ("unix", "tcp", "tls", "http", "https", "ssh")
_SCHEMES_OF_DOORS = {"tcp": ("tcp",), "tls": ("tls",), "web": ("http", "https"), "ssh": ("ssh",)}


def urls_to_complete(state: str | None, environment: Mapping[str, str], incomplete: str) -> list[str]:
    """Complete a URL of `--at`: where the daemons of this machine's known states listen, else its scheme."""
    urls = dict.fromkeys(_known_urls(state, environment))
    found = [url for url in urls if url.startswith(incomplete)]
    return found or [f"{scheme}://" for scheme in _SCHEMES if f"{scheme}://".startswith(incomplete)]


def _known_urls(state: str | None, environment: Mapping[str, str]) -> Iterator[str]:
    for folder in known_states(named=state, environment=environment):
        with contextlib.suppress(DoorwardError):
            doors = read_doors(folder) if state is not None or is_trusted(folder) else {}
            for door, addresses in doors.items():
                for address in addresses:
                    yield from _urls_of(door, address)


def _urls_of(door: str, address: str) -> Iterator[str]:
    """The URLs that may be right for an address of a door; that of a web door says nothing of TLS."""
    if door == "unix":
        yield f"unix://{one_line(address)}"
        return
    with contextlib.suppress(ValueError):
        where = parse_address(address).from_here
        for scheme in _SCHEMES_OF_DOORS.get(door, ()):
            yield f"{scheme}://{where}"
