"""What a digest says of one vulnerability, and under which heading."""

import enum
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from doorward.core.cve_changes import Change
from doorward.core.cve_filters import CveFilter
from doorward.core.cve_ids import DEBIAN_PAGE, NVD_PAGE, cve_number
from doorward.core.vulnerabilities import Exposed, Exposure, Vulnerability
from doorward.errands.cve.reasons import change_text, reasons
from doorward.errands.feeds.texts import cut
from doorward.errands.shown import is_page, shown

_TITLE_CHARACTERS = 120
_ABOUT_CHARACTERS = 600
_ACTION_CHARACTERS = 300
_MOST_REFERENCES = 3
_MOST_EXPOSURES = 5
_MOST_BINARIES = 8
_REFERENCE_CHARACTERS = 300

# Source: Debian Policy, sections 5.6.1 and 5.6.12; nothing else is put into a command for a shell
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?", re.ASCII)


class Heading(enum.Enum):
    """The parts of a digest, in their order."""

    EXPLOITED = "Exploited"
    FIXABLE = "On this machine, with a fix"
    EXPOSED = "On this machine, without a fix yet"
    OTHERS = "Others"
    UNSCORED = "Not scored yet"
    CHANGED = "Changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One vulnerability in a digest, its texts each on one line and without what deceives, but not escaped.

    Attributes:
        id: of it.
        title: may be empty.
        facts: each a word and what stands behind it: `why`, `here`, `to do`.
        about: what it is; may be empty.
        links: pages about it.
    """

    id: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    about: str = ""
    links: tuple[str, ...] = ()


def heading_of(vulnerability: Vulnerability) -> Heading:
    """Where a new one stands: that it is exploited comes first."""
    if vulnerability.exploited_since is not None:
        return Heading.EXPLOITED
    match vulnerability.exposed:
        case Exposed.WITH_FIX:
            return Heading.FIXABLE
        case Exposed.WITHOUT_FIX:
            return Heading.EXPOSED
        case Exposed.NOT:
            return Heading.UNSCORED if vulnerability.score is None else Heading.OTHERS


def entry_of(
    vulnerability: Vulnerability, wanted: CveFilter, changes: Iterable[str] = (), *, is_whole: bool
) -> Entry:
    """
    What is said of one.

    Args:
        vulnerability: which.
        wanted: the filter by which it is told.
        changes: what happened to it, in words.
        is_whole: with what it is, why it is told and what to do; otherwise its title, and what happened.
    """
    title = cut(shown(vulnerability.title), _TITLE_CHARACTERS)
    changed = "; ".join(changes)
    facts = [("changed", changed)] if changed else []
    if not is_whole:
        return Entry(id=shown(vulnerability.id), title=title, facts=tuple(facts))
    facts.append(("why", shown("; ".join(reasons(vulnerability, wanted)))))
    facts += [("here", each) for each in _here(vulnerability.exposures)]
    if action := next((each.action for each in vulnerability.accounts if each.action), ""):
        facts.append(("to do", cut(shown(action), _ACTION_CHARACTERS)))
    about = cut(shown(vulnerability.description), _ABOUT_CHARACTERS)
    return Entry(
        id=shown(vulnerability.id),
        title=title,
        facts=tuple(facts),
        # a title that is the beginning of it says nothing more
        about="" if about == title else about,
        links=tuple(_links(vulnerability)),
    )


def changes_in_words(changes: Iterable[Change]) -> list[str]:
    """What happened; that the filter wants it now when nothing was noted that happened."""
    return [shown(change_text(change)) for change in changes] or [
        "it is what you look for as it is now described"
    ]


def _here(exposures: tuple[Exposure, ...]) -> Iterator[str]:
    for each in exposures[:_MOST_EXPOSURES]:
        if not each.has_fix:
            yield shown(f"{each.package} {each.installed} is installed, and nothing mends it yet")
            continue
        names = [name for name in each.binaries if _PACKAGE.fullmatch(name)]
        more = f" (and {len(names) - _MOST_BINARIES} more)" if len(names) > _MOST_BINARIES else ""
        command = f": apt install --only-upgrade {' '.join(names[:_MOST_BINARIES])}{more}" if names else ""
        yield shown(f"{each.package} {each.installed} is installed, {each.fixed} mends it{command}")
    if len(exposures) > _MOST_EXPOSURES:
        yield f"{len(exposures) - _MOST_EXPOSURES} more packages"


def _links(vulnerability: Vulnerability) -> Iterator[str]:
    own = []
    if cve_number(vulnerability.id) is not None:
        own.append(f"{NVD_PAGE}{vulnerability.id}")
        if vulnerability.exposures:
            own.append(f"{DEBIAN_PAGE}{vulnerability.id}")
    yield from own
    pages = (each for each in vulnerability.references if _is_shown_page(each) and each not in own)
    yield from itertools.islice(pages, _MOST_REFERENCES)


def _is_shown_page(address: str) -> bool:
    return len(address) <= _REFERENCE_CHARACTERS and is_page(address) and shown(address) == address
