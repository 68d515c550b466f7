"""What is told of vulnerabilities in JSON. Texts stand there as their sources have them: escape them."""

import json
from collections.abc import Sequence
from datetime import datetime

from doorward.core.cve_filters import CveCounts
from doorward.core.moments import iso_utc
from doorward.core.vulnerabilities import Account, Exposure, Product, Score, Severity, Vulnerability
from doorward.errands.cve.listing import Listed

Members = dict[str, object]

_PRODUCTS_LISTED = 5
_EXPOSURES_LISTED = 20
_CELL_CHARACTERS = 100


def listing_members(listed: Listed) -> Members:
    """A list, of which each entry is a line's worth; it is bounded whatever the sources say."""
    return {**_listing_facts(listed), "vulnerabilities": [brief_members(each) for each in listed.found]}


def whole_listing_members(listed: Listed) -> Members:
    """A list with all that is known of each."""
    return {**_listing_facts(listed), "vulnerabilities": [whole_members(each) for each in listed.found]}


def brief_members(vulnerability: Vulnerability) -> Members:
    """What a list tells of one."""
    score, epss = vulnerability.score, vulnerability.epss
    since = vulnerability.exploited_since
    return {
        "id": vulnerability.id,
        "title": vulnerability.title,
        "severity": None if score is None else severity_word(score.value),
        "score": None if score is None else score.value,
        "version": None if score is None else score.version,
        "exploited_since": None if since is None else since.isoformat(),
        "epss": None if epss is None else epss.score,
        "percentile": None if epss is None else epss.percentile,
        "products": [_product_name(each) for each in names_of(vulnerability)[:_PRODUCTS_LISTED]],
        "exposures": [_exposure_members(each) for each in vulnerability.exposures[:_EXPOSURES_LISTED]],
        "published": _iso(vulnerability.published),
        "first_seen_at": iso_utc(vulnerability.first_seen_at),
        "changed_at": iso_utc(vulnerability.changed_at),
        "is_rejected": vulnerability.is_rejected,
    }


def whole_members(vulnerability: Vulnerability) -> Members:
    """All that is known of one: what a list tells, longer where it cuts, and what each source says."""
    return {
        **brief_members(vulnerability),
        "description": vulnerability.description,
        "scores": [_score_members(each) for each in vulnerability.scores],
        "products": [_product_members(each) for each in vulnerability.products],
        "exposures": [_exposure_members(each) for each in vulnerability.exposures],
        "references": list(vulnerability.references),
        "accounts": [_account_members(each) for each in vulnerability.accounts],
    }


def counts_members(counts: Sequence[CveCounts]) -> list[Members]:
    """How many there were, by period."""
    return [
        {"period": each.period, "published": each.published, "exploited": each.exploited} for each in counts
    ]


def as_json(value: object) -> str:
    """`value` on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def severity_word(score: float) -> str:
    """`critical`, `high`, `medium`, `low` or `none`."""
    return Severity.of(score).name.lower()


def names_of(vulnerability: Vulnerability) -> list[Product]:
    """The products without their versions, each once."""
    return [
        Product(vendor=vendor, name=name)
        for vendor, name in dict.fromkeys((each.vendor, each.name) for each in vulnerability.products)
    ]


def _listing_facts(listed: Listed) -> Members:
    return {
        "total": listed.total,
        "unscored": listed.unscored,
        "offset": listed.query.offset,
        "limit": listed.query.most,
        "order": listed.query.order.value,
        "is_empty": listed.is_empty,
        "note": listed.note or None,
    }


def _product_name(product: Product) -> Members:
    return {"vendor": product.vendor[:_CELL_CHARACTERS], "name": product.name[:_CELL_CHARACTERS]}


def _product_members(product: Product) -> Members:
    return {
        "vendor": product.vendor,
        "name": product.name,
        "versions": product.versions,
        "cpe": product.cpe or None,
    }


def _exposure_members(exposure: Exposure) -> Members:
    return {
        "package": exposure.package,
        "binaries": list(exposure.binaries),
        "installed": exposure.installed,
        "fixed": exposure.fixed or None,
        "urgency": exposure.urgency or None,
        "suite": exposure.suite or None,
    }


def _score_members(score: Score) -> Members:
    return {
        "score": score.value,
        "severity": severity_word(score.value),
        "version": score.version,
        "by": score.by,
        "is_primary": score.is_primary,
        "vector": score.vector or None,
    }


def _account_members(account: Account) -> Members:
    return {
        "source": account.source,
        "title": account.title,
        "description": account.description,
        "exploited_since": None if account.exploited_since is None else account.exploited_since.isoformat(),
        "due": None if account.due is None else account.due.isoformat(),
        "in_ransomware": account.in_ransomware,
        "action": account.action,
        "weaknesses": list(account.weaknesses),
        "published": _iso(account.published),
        "modified": _iso(account.modified),
        "is_rejected": account.is_rejected,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
