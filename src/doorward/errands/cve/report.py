"""What came of a look at vulnerabilities, in a line and for whoever sent for it."""

from collections.abc import Sequence

from doorward.core.counts import how_many
from doorward.core.cve_errands import CveErrand
from doorward.core.cve_filters import CveFilter
from doorward.core.errands import errand_name
from doorward.core.errors import ConnectError, DoorwardError, SourceError
from doorward.core.moments import iso_utc
from doorward.core.vulnerabilities import Vulnerability
from doorward.errands.cve.digest import VULNERABILITY, SourceLook, counts_in_words
from doorward.errands.cve.digest_entries import changes_in_words
from doorward.errands.cve.reasons import reasons
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
    """`2 new, 1 changed`, `watched from now on, with 1,404 vulnerabilities`, `nothing new`; what was told."""
    decision = watched.decision
    if not any(each.after.is_settled for each in watched.sources):
        return "no source answered"
    if watched.is_first:
        return f"watched from now on, with {how_many(len(decision.summed), VULNERABILITY)}"
    counts = (
        (len(decision.new), "new"),
        (len(decision.changed), "changed"),
        (len(decision.summed), "summed up"),
    )
    told = counts_in_words(counts) or ["nothing new"]
    troubles = [each.source for each in watched.sources if each.is_trouble_told]
    back = [each.source for each in watched.sources if each.is_recovery_told]
    told += [f"told that there is no answer from {each}" for each in troubles]
    told += [f"told that {each} answers again" for each in back]
    return ", ".join(told)


def watched_members(errand: CveErrand, watched: CveWatched, *, at: float) -> dict[str, object]:
    """
    A look, for JSON.

    Args:
        errand: whose.
        watched: what came of it.
        at: when it was over, in seconds since the epoch.
    """
    decision = watched.decision
    return {
        "errand": None if errand.is_ad_hoc else errand_name(errand),
        "at": iso_utc(at),
        "is_first": watched.is_first,
        "new": [_members(each, errand.filter, ()) for each in decision.new],
        "changed": [
            _members(each.vulnerability, errand.filter, changes_in_words(each.changes))
            for each in decision.changed
        ],
        "summed_up": len(decision.summed),
        "sources": [_source_members(each) for each in watched.sources],
    }


def _members(vulnerability: Vulnerability, wanted: CveFilter, changes: Sequence[str]) -> dict[str, object]:
    score, since = vulnerability.score, vulnerability.exploited_since
    return {
        "id": vulnerability.id,
        "title": vulnerability.title,
        "score": None if score is None else score.value,
        "exploited_since": None if since is None else since.isoformat(),
        "why": list(reasons(vulnerability, wanted)),
        "changes": list(changes),
    }


def _source_members(look: SourceLook) -> dict[str, object]:
    health = look.after
    return {
        "source": look.source,
        "answered_at": None if health.answered_at is None else iso_utc(health.answered_at),
        "entries": health.entries,
        "failures": health.failures,
        "problem": health.problem,
        "notes": list(look.notes),
    }


def _named(source: str, error: DoorwardError) -> DoorwardError:
    """`error` of which a person knows the source: its text has the address, and an address may have moved."""
    match error:
        case ConnectError():
            where = _with_address(source, error.address)
            return ConnectError(where, error.phase, error.problem, error.next_step)
        case SourceError():
            return SourceError(_with_address(source, error.source), error.problem, error.next_step)
        case _:
            return error


def _with_address(source: str, address: str) -> str:
    """Both, and none twice: the key of a feed ends with its address."""
    return source if source.endswith(f":{address}") else f"{source}: {address}"
