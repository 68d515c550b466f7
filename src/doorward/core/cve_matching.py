"""What a filter means, and how a list is ordered: only here; a store finds the same, faster."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from doorward.core.cve_filters import CveFilter, CveOrder, CveQuery
from doorward.core.cve_ids import cve_number, is_called, key_of_id
from doorward.core.vulnerabilities import Exposed, Vulnerability, urgency
from doorward.core.whole_words import stands_in

_NEVER = datetime.min.replace(tzinfo=UTC)


def passes(vulnerability: Vulnerability, wanted: CveFilter) -> bool:
    """Whether it is what somebody wants to hear of."""
    score, epss, exposed = vulnerability.score, vulnerability.epss, vulnerability.exposed
    return (
        (wanted.score is None or score is None or score.value >= wanted.score)
        and (wanted.epss is None or (epss is not None and epss.score >= wanted.epss))
        and (not wanted.kev or vulnerability.exploited_since is not None)
        and (not wanted.installed or exposed >= Exposed.WITHOUT_FIX)
        and (not wanted.fixable or exposed is Exposed.WITH_FIX)
        and (not wanted.sources or any(each.source in wanted.sources for each in vulnerability.accounts))
        and (not wanted.products or _is_of(vulnerability, wanted.products))
        and (not wanted.words or _has_word(vulnerability, wanted.words))
    )


def is_asked_for(vulnerability: Vulnerability, query: CveQuery) -> bool:
    """Whether a list has it, were it long enough."""
    latest_at = max(vulnerability.first_seen_at, vulnerability.changed_at)
    return (
        (query.with_rejected or not vulnerability.is_rejected)
        and (query.since_at is None or latest_at >= query.since_at)
        and (query.ids is None or key_of_id(vulnerability.id) in set(map(key_of_id, query.ids)))
        and passes(vulnerability, query.filter)
    )


def text_of(vulnerability: Vulnerability) -> str:
    """Where words are looked for beside the id: titles, descriptions and products, each in a paragraph."""
    titles = (account.title for account in vulnerability.accounts)
    descriptions = (account.description for account in vulnerability.accounts)
    products = (f"{each.vendor} {each.name}" for each in vulnerability.products)
    return "\n".join(dict.fromkeys(filter(None, (*titles, *descriptions, *products))))


def names_of(vulnerability: Vulnerability) -> frozenset[str]:
    """
    What `products` of a filter may name, casefolded.

    Products, vendors and installed packages, which are named in full; and CPEs, by how they begin: what
    begins with `cpe:` is a CPE, and nothing else is.
    """
    names: list[str] = []
    cpes: list[str] = []
    for product in vulnerability.products:
        names += (product.vendor, product.name)
        cpes.append(product.cpe)
    for exposure in vulnerability.exposures:
        names += (exposure.package, *exposure.binaries)
    return frozenset(
        (
            *(name for name in map(str.casefold, names) if name and not is_cpe(name)),
            *(cpe for cpe in map(str.casefold, cpes) if is_cpe(cpe)),
        )
    )


def is_cpe(name: str) -> bool:
    """Whether `name`, casefolded, is a CPE or how one begins."""
    return name.startswith("cpe:")


def order_key(order: CveOrder) -> Callable[[Vulnerability], Any]:
    """A key by which what comes first in a list comes last, but for ids, which count up."""
    match order:
        case CveOrder.URGENCY:
            return urgency
        case CveOrder.SCORE:
            return lambda each: (-1.0 if each.score is None else each.score.value, urgency(each))
        case CveOrder.EPSS:
            return lambda each: (-1.0 if each.epss is None else each.epss.score, urgency(each))
        case CveOrder.PUBLISHED:
            return lambda each: (each.published is not None, each.published or _NEVER, urgency(each))
        case CveOrder.CHANGED:
            return lambda each: (each.changed_at, urgency(each))
        case CveOrder.ID:
            return _id_key


def _id_key(vulnerability: Vulnerability) -> tuple[bool, int, str]:
    # CVE-2024-9999 before CVE-2024-10000, and what is none of CVE's after them
    number = cve_number(vulnerability.id)
    return number is None, number or 0, vulnerability.id


def _has_word(vulnerability: Vulnerability, words: tuple[str, ...]) -> bool:
    return any(is_called(vulnerability.id, word) for word in words) or stands_in(
        words, text_of(vulnerability)
    )


def _is_of(vulnerability: Vulnerability, products: tuple[str, ...]) -> bool:
    names = names_of(vulnerability)
    return any(
        any(name.startswith(each) for name in names) if is_cpe(each) else each in names
        for each in map(str.casefold, products)
    )
