"""The words that a keeper types to have listed what a filter lets pass."""

import shlex
from collections.abc import Iterator

from doorward.core.cve_filters import CveFilter
from doorward.errands.shown import shown


def list_command(wanted: CveFilter, *, with_rejected: bool = False) -> str:
    """
    `doorward cve list --word nginx --score 7`, for a shell; of the same state it has what the filter finds.

    It stands on one line, and several spaces in a word are one.

    Args:
        wanted: its sources are no option of the list, which has what any source tells.
        with_rejected: those that were withdrawn too.
    """
    words = [*_words(wanted), *(["--rejected"] if with_rejected else [])]
    return shown(shlex.join(["doorward", "cve", "list", *words]))


def _words(wanted: CveFilter) -> Iterator[str]:
    for word in wanted.words:
        yield from ("--word", word)
    for product in wanted.products:
        yield from ("--product", product)
    if wanted.score is not None:
        yield from ("--score", f"{wanted.score:.15g}")
    if wanted.epss is not None:
        yield from ("--epss", f"{wanted.epss:.15g}")
    flags = (("--kev", wanted.kev), ("--installed", wanted.installed), ("--fixable", wanted.fixable))
    yield from (option for option, is_asked in flags if is_asked)
