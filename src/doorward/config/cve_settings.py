"""The tables `[errands.cve.NAME]`."""

import re
from typing import Any

from doorward.config.errand_tables import read_tell_after, read_to, read_words
from doorward.config.feed_settings import is_address
from doorward.config.mail_settings import read_mailboxes
from doorward.config.paths import read_path
from doorward.config.ranges import plain
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import CveShape, CveSourceShape
from doorward.config.tables import read_table
from doorward.config.timing_settings import read_timing
from doorward.core.cve_errands import (
    DEFAULT_ADDRESSES,
    NVD_DAYS,
    CveErrand,
    CveSource,
    CveSourceKind,
    lack_of,
    told_by_none,
)
from doorward.core.cve_filters import CveFilter
from doorward.core.mail_settings import MailSettings

MOST_SOURCES = 100
"""More sources than that of one errand are no configuration that a person wrote."""

_SOURCES = 'an array such as ["kev", { kind = "feed", url = "https://example.org/advisories.xml" }]'
_ADDRESS = "an address such as https://example.org/advisories.xml, without a login"
_SUITE = re.compile(r"[a-z][a-z0-9.-]{0,63}", re.ASCII)
_ONLY_OF = {"key_file": CveSourceKind.NVD, "days": CveSourceKind.NVD, "suite": CveSourceKind.DEBIAN}
"""Keys of a source that no other kind has."""


def read_cve(
    name: str, shape: CveShape, key: Key, mail: MailSettings, report: Report, *, is_whole: bool
) -> CveErrand | None:
    """
    The errand; None when it has no time or no source. With other problems it is of no use.

    When the table is not whole, what is missing may stand there wrong, and is told already.
    """
    timing = read_timing(shape.every, shape.at, key, report, is_whole=is_whole)
    sources = read_sources(shape.sources, (*key, "sources"), report, is_whole=is_whole)
    mails = shape.mail is not False
    if mails:
        to = read_to(shape.to, key, mail, report, is_whole=is_whole)
    else:
        to = read_mailboxes(shape.to, (*key, "to"), report, ours=mail.sender)
    wanted = _filter(shape, key, report)
    _note_what_nobody_tells(wanted, sources, key, report)
    tell_after = read_tell_after(shape.tell_after, key, report)
    if timing is None or not sources:
        return None
    return CveErrand(
        name=name, sources=sources, timing=timing, filter=wanted, to=to, mails=mails, tell_after=tell_after
    )


def read_sources(
    sources: list[str | dict[str, Any]], key: Key, report: Report, *, is_whole: bool
) -> tuple[CveSource, ...]:
    """Those that the array at `key` says, each once; at least one that tells of vulnerabilities."""
    if not sources:
        if is_whole:
            report.add(key, "there is no source", expected=_SOURCES)
        return ()
    if len(sources) > MOST_SOURCES:
        report.add(key, f"there are {len(sources)} sources", expected=f"at most {MOST_SOURCES}")
        return ()
    read: dict[str, CveSource] = {}
    problems = len(report.problems)
    for index, each in enumerate(sources):
        source = _source({"kind": each} if isinstance(each, str) else each, (*key, index), report)
        if source is None:
            continue
        if source.key in read:
            report.add((*key, index), "this source stands there twice", found=found_in(source.key))
        read[source.key] = source
    is_read = len(report.problems) == problems
    if is_read and (lack := lack_of(read.values())):
        report.add(key, lack, expected=_SOURCES)
    return tuple(read.values())


def _source(table: dict[str, Any], key: Key, report: Report) -> CveSource | None:
    problems = len(report.problems)
    shape = read_table(table, CveSourceShape, key, report)
    if shape.kind is None:
        if len(report.problems) == problems:
            report.add((*key, "kind"), "this is missing", expected=_one_of_kinds())
        return None
    try:
        kind = CveSourceKind(shape.kind)
    except ValueError:
        kinds = [each.value for each in CveSourceKind]
        report.unknown((*key, "kind"), kinds, what="kind of source", found=shape.kind)
        return None
    for name, only in _ONLY_OF.items():
        if getattr(shape, name) is not None and kind is not only:
            report.add((*key, name), f"only a source of the kind {only.value} has this")
    url = _url(shape, kind, key, report)
    suite = shape.suite or ""
    if suite and not _SUITE.fullmatch(suite):
        report.add(
            (*key, "suite"), "this is no release", expected='such as "bookworm"', found=found_in(suite)
        )
    days = NVD_DAYS if shape.days is None else shape.days
    if not 1 <= days <= NVD_DAYS:
        expected = f"1 to {NVD_DAYS}"
        report.add((*key, "days"), "this is out of range", expected=expected, found=found_in(days))
    key_file = read_path(shape.key_file, (*key, "key_file"), report)
    return CveSource(kind=kind, url=url, key_file=key_file, suite=suite, days=days) if url else None


def _url(shape: CveSourceShape, kind: CveSourceKind, key: Key, report: Report) -> str:
    url = DEFAULT_ADDRESSES.get(kind) if shape.url is None else shape.url
    if url is None:
        report.add((*key, "url"), "this is missing: a feed has no address of its own", expected=_ADDRESS)
        return ""
    if not is_address(url):
        # what stands there may be a login
        report.add((*key, "url"), "this is no address of a source", expected=_ADDRESS)
        return ""
    return url


def _filter(shape: CveShape, key: Key, report: Report) -> CveFilter:
    return CveFilter(
        words=read_words(shape.words, (*key, "words"), report),
        products=read_words(shape.products, (*key, "products"), report),
        score=_within(shape.score, 10.0, (*key, "score"), report),
        epss=_within(shape.epss, 1.0, (*key, "epss"), report),
        kev=shape.kev is True,
        installed=shape.installed is True,
        fixable=shape.fixable is True,
    )


def _within(value: float | None, most: float, key: Key, report: Report) -> float | None:
    # NaN is within nothing
    if value is not None and not 0.0 <= value <= most:
        expected = f"0 to {plain(most)}"
        report.add(key, "this is out of range", expected=expected, found=found_in(value))
        return None
    return value


def _note_what_nobody_tells(
    wanted: CveFilter, sources: tuple[CveSource, ...], key: Key, report: Report
) -> None:
    """Note what is asked for that none of the sources tells: it may be known by another errand, or never."""
    if not sources:
        return
    for name, kind in told_by_none(wanted, {source.kind for source in sources}).items():
        report.note((*key, name), f"only the source {kind.value} tells this, which is none of its sources")


def _one_of_kinds() -> str:
    return "one of " + ", ".join(f'"{kind.value}"' for kind in CveSourceKind)
