"""What came of a look at vulnerabilities, in a line and for whoever sent for it."""

from doorward.core.errors import ConnectError, DoorwardError, SourceError
from doorward.errands.cve.watch import CveWatched
from doorward.errands.gone import Gone


def gone_of(watched: CveWatched) -> Gone:
    """What is told of a look: `2 new, 1 changed`, notes of the sources, and which of them did not answer."""
    return Gone(
        text=outcome_text(watched),
        mails=watched.mails,
        notes=tuple(f"{each.source}: {note}" for each in watched.sources for note in each.notes),
        troubles=tuple(_named(source, error) for source, error in watched.troubles.items()),
    )


def outcome_text(watched: CveWatched) -> str:
    """`2 new, 1 changed`, `watched from now on, with 1,404 vulnerabilities`, `nothing new`."""
    decision = watched.decision
    if not any(each.after.is_settled for each in watched.sources):
        return "no source answered"
    if watched.is_first:
        return f"watched from now on, with {len(decision.summed):,} vulnerabilities"
    counts = (
        (len(decision.new), "new"),
        (len(decision.changed), "changed"),
        (len(decision.summed), "summed up"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in counts if number) or "nothing new"


def _named(source: str, error: DoorwardError) -> DoorwardError:
    """`error` of which a person knows the source: its text has the address, and an address may have moved."""
    match error:
        case ConnectError():
            return ConnectError(f"{source}: {error.address}", error.phase, error.problem, error.next_step)
        case SourceError():
            return SourceError(f"{source}: {error.source}", error.problem, error.next_step)
        case _:
            return error
