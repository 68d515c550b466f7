"""The one table of penalties, for all doors."""

import heapq
import ipaddress

from doorward.core.limits import PenaltyLimits
from doorward.core.penalties import Offence, Penalty, penalty_after

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PenaltyTable:
    """
    What each source has to pay off.

    It holds at most `limits.sources`; when one more comes, the one goes that is paid off first, so that a
    thousand small offences do not wipe out a large one.
    """

    def __init__(self, limits: PenaltyLimits) -> None:
        self._penalties: dict[str, Penalty] = {}
        # one entry for each time that a penalty was set; those of earlier times are passed over
        self._ends: list[tuple[float, str]] = []
        self.replace_limits(limits)

    def __len__(self) -> int:
        return len(self._penalties)

    def replace_limits(self, limits: PenaltyLimits) -> None:
        """Add penalties by these limits from now on; what is owed stays, but for those who are exempt now."""
        self._limits = limits
        self._exempt: tuple[_Network, ...] = tuple(ipaddress.ip_network(each) for each in limits.exempt)

    def add(self, source: str, offence: Offence, *, host: str, now: float) -> Penalty | None:
        """
        Have `source` pay.

        Args:
            source: who.
            offence: what for.
            host: the address that it came from, which may be exempt.
            now: on the monotonic clock.

        Returns:
            What it owes now; None for one who is exempt.
        """
        if self._is_exempt(host):
            return None
        penalty = penalty_after(self._penalties.get(source), offence, self._limits, now=now)
        self._penalties[source] = penalty
        heapq.heappush(self._ends, (penalty.until_at, source))
        self.forget(now=now)
        return penalty

    def seconds_left(self, source: str, *, host: str, now: float) -> float:
        """For how long `source` is shut out; 0 when it is not."""
        penalty = self._penalties.get(source)
        if penalty is None or not penalty.counts or penalty.until_at <= now or self._is_exempt(host):
            return 0.0
        return penalty.until_at - now

    def shut_out(self, *, now: float) -> int:
        """How many sources are shut out."""
        return sum(penalty.counts and penalty.until_at > now for penalty in self._penalties.values())

    def forget(self, *, now: float) -> None:
        """Let go of what is paid off, and of what is too much."""
        while self._ends and (self._ends[0][0] <= now or len(self._penalties) > self._limits.sources):
            until_at, source = heapq.heappop(self._ends)
            penalty = self._penalties.get(source)
            if penalty is not None and penalty.until_at == until_at:
                del self._penalties[source]
        if len(self._ends) > 2 * len(self._penalties) + 64:
            self._ends = [(penalty.until_at, source) for source, penalty in self._penalties.items()]
            heapq.heapify(self._ends)

    def _is_exempt(self, host: str) -> bool:
        if not self._exempt:
            return False
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._exempt)
