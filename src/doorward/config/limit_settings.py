"""The tables `[limits]` and `[limits.penalties]`."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from doorward.config.ranges import is_within, plain, span
from doorward.config.report import Key, Report, dotted, found_in
from doorward.core.limits import LimitFacts, Limits, PenaltyLimits, facts

_PENALTIES = "penalties"
_EXEMPT = "exempt"
_MAPPED_BITS = 96
_NETWORK_EXPECTED = '"192.0.2.0/24", "2001:db8::/64" or one address'


def read_limits(table: dict[str, Any], report: Report) -> Limits:
    """All limits, with those in `table` in place of the defaults."""
    here: Key = ("limits",)
    chosen = _chosen(table, Limits, here, report, others=(_PENALTIES,))
    if _PENALTIES in table:
        chosen[_PENALTIES] = _read_penalties(table[_PENALTIES], (*here, _PENALTIES), report)
    limits = Limits(**chosen)
    names = ("early_refusals_from", "not_logged_in")
    _check_order(names, limits, stated=table, key=here, report=report)
    return limits


def _read_penalties(table: object, key: Key, report: Report) -> PenaltyLimits:
    if not isinstance(table, dict):
        report.add(key, "this must be a table", expected=f"[{dotted(key)}]", found=found_in(table))
        return PenaltyLimits()
    chosen = _chosen(table, PenaltyLimits, key, report, others=(_EXEMPT,))
    if _EXEMPT in table:
        chosen[_EXEMPT] = _networks(table[_EXEMPT], (*key, _EXEMPT), report)
    penalties = PenaltyLimits(**chosen)
    _check_order(("least_seconds", "most_seconds"), penalties, stated=table, key=key, report=report)
    return penalties


def _chosen(
    table: Mapping[str, Any],
    kind: type[Limits] | type[PenaltyLimits],
    key: Key,
    report: Report,
    *,
    others: tuple[str, ...],
) -> dict[str, Any]:
    """The limits of one table that may be as they stand there; `others` are keys that somebody else reads."""
    known = {name: (type(default), about) for name, default, about in facts(kind)}
    chosen: dict[str, Any] = {}
    for name, value in table.items():
        here = (*key, name)
        if name in others:
            continue
        if name not in known:
            report.unknown(here, (*known, *others), what="limit")
        elif _fits(value, *known[name], here, report):
            chosen[name] = known[name][0](value)
    return chosen


def _check_order(
    names: tuple[str, str],
    limits: Limits | PenaltyLimits,
    *,
    stated: Mapping[str, Any],
    key: Key,
    report: Report,
) -> None:
    """Report a limit that is over the other one of `names`, at one that stands in the file."""
    lower, upper = names
    low, high = getattr(limits, lower), getattr(limits, upper)
    if low > high:
        name = lower if lower in stated else upper
        report.add(
            (*key, name), f"{lower} is {plain(low)} and so over {upper}, which is {plain(high)}; change one"
        )


def _networks(value: object, key: Key, report: Report) -> tuple[str, ...]:
    if not isinstance(value, list):
        report.add(
            key, "this is of another type", expected=f"an array of {_NETWORK_EXPECTED}", found=found_in(value)
        )
        return ()
    networks = [_network(item, (*key, index), report) for index, item in enumerate(value)]
    return tuple(dict.fromkeys(network for network in networks if network is not None))


def _network(item: object, key: Key, report: Report) -> str | None:
    """One network, or one address, as it is usually written."""
    text = item if isinstance(item, str) and "%" not in item else ""
    try:
        network = _as_ipv4(ipaddress.ip_network(text))
    except ValueError:
        report.add(
            key,
            "this is neither a network nor an address" + _meant(text),
            expected=_NETWORK_EXPECTED,
            found=found_in(item),
        )
        return None
    if network.prefixlen == 0:
        report.note(key, "nobody pays for trying passwords in vain: this network is everybody")
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _as_ipv4(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A network of IPv4 that is written as one of IPv6 counts as IPv4, as its peers do."""
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


def _meant(text: str) -> str:
    """The network whose bits of a host were not cleared, as a hint."""
    try:
        return f"; did you mean {ipaddress.ip_network(text, strict=False)}?"
    except ValueError:
        return ""


def _fits(value: Any, kind: type, about: LimitFacts, key: Key, report: Report) -> bool:
    if not (type(value) is int or (type(value) is float and kind is float)):
        what = "an integer" if kind is int else "a number"
        report.add(
            key, "this is of another type", expected=f"{what} from {span(about)}", found=found_in(value)
        )
        return False
    return is_within(value, about, key, report)
