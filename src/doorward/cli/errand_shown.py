"""Errands of every kind, as they are listed."""

from doorward.core.errands import Errand, errand_name
from doorward.core.errors import one_line


def errand_row(errand: Errand) -> tuple[str, ...]:
    """One errand in a table: its name, when, what about, and who is told."""
    to = ", ".join(mailbox.address for mailbox in errand.to)
    return errand_name(errand), str(errand.timing), one_line(errand.about), to


def errand_members(errand: Errand) -> dict[str, object]:
    """One errand, for JSON."""
    return {
        "errand": errand_name(errand),
        "url": errand.url,
        "timing": str(errand.timing),
        "to": [mailbox.address for mailbox in errand.to],
        "filter": list(errand.words),
        "tell_after": errand.tell_after,
    }
