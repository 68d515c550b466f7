"""What NVD says, window by window, with marks that move when a window was read whole."""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta

from doorward.core.cve_errands import CveSource
from doorward.core.errors import SourceError
from doorward.core.fetching import without_login
from doorward.errands.cve.nvd_pages import Moved, NvdPages
from doorward.errands.cve.updates import AccountsUpdate
from doorward.errands.cve.windows import (
    LONGEST,
    SHORTEST,
    Read,
    Window,
    next_window,
    read_marks,
    to_begin_with,
)
from doorward.errands.validators import Validators, marks_of_answer, validators_of


async def nvd_updates(
    source: CveSource, marks: Mapping[str, str], *, pages: NvdPages, now: datetime
) -> AsyncGenerator[AccountsUpdate, None]:
    """
    Ask for all that changed since `marks`, page by page.

    When what a window counts changes while its pages come, it is read anew in halves: an entry that left it
    has moved others from a page that is still to come to one that was read. What fits on one page comes
    whole.

    Args:
        source: NVD.
        marks: as they were noted last.
        pages: where they come from.
        now: in UTC.

    Raises:
        ConnectError, SourceError: a page could not be had. No marks went beyond what was read whole.
    """
    read = to_begin_with(_read_there(source, marks), now=now)
    wanted = now - timedelta(days=source.days)
    longest = LONGEST
    while (window := next_window(read, wanted=wanted, now=now, longest=longest)) is not None:
        then = window.read if read is None else read.with_window(window)
        made_at = None
        try:
            async for page, is_last in pages.read(window):
                made_at = made_at or page.at
                if is_last:
                    marks = _marks(source, then.before(made_at))
                yield AccountsUpdate(
                    source=source.key, accounts=page.accounts, marks=marks, is_all=False, notes=page.notes
                )
        except Moved as moved:
            if moved.is_ahead_of is not None:
                now = moved.is_ahead_of
            else:
                longest = _half_of(window, source)
        else:
            read, longest = then, min(2 * longest, LONGEST)


def _read_there(source: CveSource, marks: Mapping[str, str]) -> Read | None:
    """Of which time all is known; how far another address was read says nothing of this one."""
    return read_marks(marks) if validators_of(marks, source.url) is not None else None


def _marks(source: CveSource, read: Read) -> Mapping[str, str]:
    return {**marks_of_answer(source.url, Validators()), **read.marks}


def _half_of(window: Window, source: CveSource) -> timedelta:
    half = (window.end - window.start) / 2
    if half < SHORTEST:
        problem = "what it counts changes while its pages are read"
        raise SourceError(without_login(source.url), problem, "Try again later")
    return half
