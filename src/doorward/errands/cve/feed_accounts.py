"""What a feed of advisories says of vulnerabilities."""

import re
from collections.abc import Iterator
from dataclasses import replace

from doorward.core.cve_ids import ID_CHARACTERS
from doorward.core.feeds import Entry, Feed
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    TITLE_CHARACTERS,
    Account,
    Product,
)
from doorward.errands.cve.plain import addresses, cve_ids_in, line, paragraphs
from doorward.errands.feeds.building import SCHEME, hashed

# Only what is known to be a name: two advisories that are taken for one would be told of once.
_ADVISORY = re.compile(
    r"(?<![A-Za-z0-9-])(?:"
    r"(?:DSA|DLA|ELA|USN|LSN|XSA|QSB)-[0-9]{1,6}(?:-[0-9]{1,3})?"
    r"|(?:RHSA|RHBA|RHEA|ELSA|ALSA|RLSA|ALAS2?|MGASA|ICSA|ICSMA|VMSA|ZDI|VDE|(?:open)?SUSE-[SR]U)"
    r"-[0-9]{2,4}[:-][0-9]{1,6}(?:-[0-9]{1,3})?"
    r"|(?:FreeBSD|NetBSD)-(?:SA|EN)-?[0-9]{2,4}[:-][0-9]{1,4}"
    r"|(?:GLSA|MFSA)[ -][0-9]{4,6}-[0-9]{1,4}"
    r"|SA-(?:CORE|CONTRIB)-[0-9]{4}-[0-9]{1,4}"
    r"|(?:CERTFR-[0-9]{4}-[A-Z]{3}|WID-SEC-[0-9]{4})-[0-9]{1,5}"
    r"|FEDORA-[0-9]{4}-[0-9a-f]{8,12}"
    r"|GHSA(?:-[0-9a-z]{4}){3}"
    r")(?![A-Za-z0-9])"
)
# the classic feed of the NVD: the id, and the product where it was known, `bourne-again_shell_(bash)`. No two
# ways to read a title: what opens a bracket is none of the other characters
_CLASSIC = re.compile(
    r"(CVE-[0-9]{4}-[0-9]{4,19})(?: \(((?:[^()]|\([^()]{1,200}\)){1,200})\))?", re.IGNORECASE
)


def accounts_of(feed: Feed, *, source: str) -> tuple[Account, ...]:
    """
    The accounts that a feed gives, in its order, one an id.

    An entry tells of the CVEs that its title names, else of those that its summary does, else of one
    advisory: by the name that its publisher gives it in the title, `DSA-5800-1`, or else by its key, which
    has that of the source before it unless it means the same everywhere. An id that several entries tell of
    is told by the first, with the addresses of all.

    Args:
        feed: as it was read.
        source: the key that the accounts get.
    """
    found: dict[str, Account] = {}
    for entry in feed.entries:
        for account in _accounts(entry, source):
            known = found.setdefault(account.id, account)
            if known is not account:
                references = addresses(*known.references, *account.references)
                found[account.id] = replace(known, references=references)
    return tuple(found.values())


def _accounts(entry: Entry, source: str) -> Iterator[Account]:
    classic = _CLASSIC.fullmatch(entry.title)
    names = cve_ids_in(entry.title) or cve_ids_in(entry.summary) or (_name_of(entry, source),)
    # a title that only repeats the id says nothing
    title = "" if classic is not None else line(entry.title, most_characters=TITLE_CHARACTERS)
    products = (Product(vendor="", name=line(classic[2])),) if classic is not None and classic[2] else ()
    for name in names:
        yield Account(
            source=source,
            id=name,
            title=title,
            description=paragraphs(entry.summary, most_characters=DESCRIPTION_CHARACTERS),
            products=products,
            references=addresses(entry.link),
            published=entry.published,
        )


def _name_of(entry: Entry, source: str) -> str:
    advisory = _ADVISORY.search(entry.title)
    if advisory is not None:
        return advisory[0]
    # a number is one of this feed only, and another's may be the same
    key = entry.key if SCHEME.match(entry.key) else f"{source}#{entry.key}"
    return key if len(key) <= ID_CHARACTERS and line(key) == key else hashed(key)
