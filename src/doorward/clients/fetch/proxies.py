"""Which proxy a request goes through, as an option or the environment says; nothing is looked up."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from doorward.clients.fetch.addresses import Address, read_address
from doorward.core.errors import ConnectError

NONE = "none"
"""In place of a proxy's URL: none, whatever the environment says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """
    The proxies that there are.

    Attributes:
        by_scheme: of the target, `http` or `https`.
        exempt: hosts that are asked directly, as $no_proxy lists them.
    """

    by_scheme: Mapping[str, Address]
    exempt: tuple[str, ...] = ()

    def proxy_for(self, target: Address) -> Address | None:
        """The proxy to go through; None for the direct way."""
        proxy = self.by_scheme.get(target.url.scheme)
        if proxy is None or any(_is_exempt(target, entry) for entry in self.exempt):
            return None
        return proxy


def read_proxies(option: str, environment: Mapping[str, str]) -> Proxies:
    """
    Read what `option` says, a URL or `none`; when it is empty, the environment as curl reads it.

    HTTP_PROXY in capitals does not count: a CGI script has it from whoever asks it (httpoxy).

    Raises:
        ConnectError: a proxy's address cannot be read.
    """
    if option == NONE:
        return Proxies(by_scheme={})
    if option:
        proxy = _read(option, "the proxy")
        return Proxies(by_scheme={"http": proxy, "https": proxy})
    all_proxy = environment.get("all_proxy") or environment.get("ALL_PROXY") or ""
    found = {
        "http": environment.get("http_proxy") or all_proxy,
        "https": environment.get("https_proxy") or environment.get("HTTPS_PROXY") or all_proxy,
    }
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return Proxies(
        by_scheme={scheme: _read(text, f"${scheme}_proxy") for scheme, text in found.items() if text},
        exempt=tuple(entry for entry in exempt.lower().replace(",", " ").split() if entry),
    )


def _read(text: str, what: str) -> Address:
    try:
        return read_address(text if "://" in text else f"http://{text}")
    except ConnectError as error:
        raise ConnectError(
            error.address, "proxy", f"{what} is no proxy of HTTP", "Write http://HOST:PORT, or none."
        ) from error


def _is_exempt(target: Address, entry: str) -> bool:
    if entry == "*":
        return True
    host = target.host.lower().removesuffix(".")
    try:
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return _is_below(host, target.url.port, entry)
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False


def _is_below(host: str, port: int | None, entry: str) -> bool:
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdigit():
        if port != int(digits):
            return False
        entry = name.strip("[]")
    name = entry.removeprefix("*").removeprefix(".").removesuffix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))
