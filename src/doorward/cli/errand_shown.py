"""Errands of every kind, as they are listed."""

from dataclasses import asdict
from typing import assert_never

from doorward.core.backup_errands import BackupErrand
from doorward.core.cve_errands import CveErrand, CveSource, CveSourceKind
from doorward.core.errands import Errand, errand_name
from doorward.core.errors import one_line
from doorward.core.feed_errands import FeedErrand


def errand_row(errand: Errand) -> tuple[str, ...]:
    """One errand in a table: its name, when, what about, and who is told."""
    to = ", ".join(mailbox.address for mailbox in errand.to)
    return errand_name(errand), str(errand.timing), one_line(errand.about), to


def errand_members(errand: Errand) -> dict[str, object]:
    """One errand, for JSON: what all have, and what its kind has."""
    return {
        "errand": errand_name(errand),
        "timing": str(errand.timing),
        "to": [mailbox.address for mailbox in errand.to],
        **_own_members(errand),
    }


def _own_members(errand: Errand) -> dict[str, object]:
    match errand:
        case FeedErrand():
            return {"url": errand.url, "filter": list(errand.words), "tell_after": errand.tell_after}
        case CveErrand():
            wanted = asdict(errand.filter)
            del wanted["sources"]
            return {
                "sources": [*map(_source_members, errand.sources)],
                "filter": wanted,
                "mail": errand.mails,
                "tell_after": errand.tell_after,
            }
        case BackupErrand():
            return {
                "folder": errand.folder,
                "destination": errand.destination,
                "names": list(errand.names),
                "keep": errand.keep,
                "mail": errand.mail.value,
            }
        case _:
            assert_never(errand)


def _source_members(source: CveSource) -> dict[str, object]:
    members: dict[str, object] = {"kind": source.kind.value, "url": source.url}
    match source.kind:
        case CveSourceKind.NVD:
            members |= {"days": source.days, "key_file": source.key_file}
        case CveSourceKind.DEBIAN:
            members["suite"] = source.suite
        case _:
            pass
    return members
