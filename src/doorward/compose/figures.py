"""The figures of one daemon, gathered from its rooms."""

from collections.abc import Iterator

from doorward import __version__
from doorward.core.figures import Figure, single
from doorward.gate.gate import Gate
from doorward.service.runs import Runs
from doorward.service.tallies import Tallies


def daemon_figures(*, gate: Gate, runs: Runs, tallies: Tallies, audit_lines_lost: int) -> Iterator[Figure]:
    """All of them as they are now."""
    waiting = runs.places.waiting
    live = len(runs.history.live()) - waiting
    yield Figure(
        name="doorward_info", about="Which program this is", labels=("version",), values={(__version__,): 1}
    )
    yield Figure(
        name="doorward_runs",
        about="Runs under way",
        labels=("state",),
        values={("live",): live, ("waiting",): waiting},
    )
    yield single("doorward_runs_not_killed", "Runs that could not be killed", runs.given_up, is_total=True)
    yield Figure(
        name="doorward_connections",
        about="Connections that are open",
        labels=("door",),
        values={(door,): number for door, number in gate.connected_by_door.items()},
    )
    yield single("doorward_visitors", "Connections that were admitted", gate.visitors, is_total=True)
    yield Figure(
        name="doorward_turned_away",
        about="Connections that were closed at once",
        is_total=True,
        labels=("reason",),
        values={(reason,): times for reason, times in gate.turned_away.items()},
    )
    yield single("doorward_shut_out_sources", "Sources that may try no login now", gate.shut_out)
    yield single(
        "doorward_audit_lines_lost",
        "Lines of the audit trail that could not be written",
        audit_lines_lost,
        is_total=True,
    )
    yield from tallies.figures()
