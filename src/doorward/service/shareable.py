"""The runs whose answers may be given to others who ask the same."""

from doorward.core.invocation import Invocation
from doorward.core.ports import Clock
from doorward.core.principal import Principal
from doorward.service.places import owner_of
from doorward.service.run import Run, RunState


class Shareable:
    """The youngest run of each key that is under way, or ended well and may be fresh."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[tuple[object, ...], Run] = {}

    def find(self, invocation: Invocation, principal: Principal) -> Run | None:
        """The run whose answer `principal` may be given: one under way, or one that is fresh."""
        run = self._runs.get(invocation.key)
        if run is None:
            return None
        if run.ended_at is None:
            return run if _may_join(run, principal) else None
        if self._clock.monotonic() - run.ended_at <= invocation.command.fresh_seconds:
            return run
        del self._runs[invocation.key]
        return None

    def add(self, run: Run) -> None:
        """Let others join `run`, instead of an older one that asks the same."""
        self._runs[run.key] = run

    def forget(self, run: Run) -> None:
        """Give its answer to nobody more; nothing happens when it is not among them."""
        if self._runs.get(run.key) is run:
            del self._runs[run.key]

    def clear(self) -> None:
        """Forget all."""
        self._runs.clear()

    def runs(self) -> tuple[Run, ...]:
        """All that are known, fresh or not."""
        return tuple(self._runs.values())


def _may_join(run: Run, principal: Principal) -> bool:
    """Not when it waits for want of somebody else's share: those who have one of their own need not wait."""
    if run.state is not RunState.WAITING or run.claim is None or run.invocation.command.has_own_places:
        return True
    return run.claim.owner == owner_of(principal)
