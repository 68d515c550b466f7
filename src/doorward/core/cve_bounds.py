"""Accounts as they are kept: no text and no list is longer than there is room for, and every value is one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from doorward.core.cve_ids import canonical_id, is_id, key_of_id
from doorward.core.errors import StateError
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    FEED,
    MOST_PRODUCTS,
    MOST_REFERENCES,
    TITLE_CHARACTERS,
    Account,
    Exposure,
    Product,
    Score,
)

SOURCE_CHARACTERS = 4_096
"""Of the key of a source, which may be an address."""

MOST_SCORES = 20
MOST_WEAKNESSES = 50
MOST_EXPOSURES = 100
MOST_BINARIES = 200
NAME_CHARACTERS = 200
LINE_CHARACTERS = 500
"""Of a CPE, a vector or what is affected."""
ADDRESS_CHARACTERS = 2_000

SIGNS_AT = 0xE000
"""128 private characters from here on have a meaning in the index of words; no account keeps them."""

_NEVER_KEPT = dict.fromkeys((0, *range(0xD800, 0xE000), *range(SIGNS_AT, SIGNS_AT + 128), 0x10FFFF), "\ufffd")


FEED_PART = 10
"""
A feed may tell of this part of what may be known, a tenth. Its ids are whatever its publisher writes, and
nobody takes them back: one alone could else leave no room for what all others tell.
"""


def most_told_by(source: str, *, most_known: int) -> int:
    """How many vulnerabilities the source with this key may tell of, where `most_known` may be known."""
    return max(1, most_known // FEED_PART) if source.startswith(FEED) else most_known


def accounts_by_key(source: str, accounts: Iterable[Account]) -> dict[str, Account]:
    """
    Take accounts of one source by the keys of their ids; of two with one id, the last counts.

    Raises:
        StateError: a vulnerability, or the source, cannot be called so.
        ValueError: an account is of another source.
    """
    if not 0 < len(source) <= SOURCE_CHARACTERS or not source.isprintable():
        raise StateError(f"no source can be called so: {source[:64]}")
    told = {}
    for account in accounts:
        if account.source != source:
            raise ValueError(f"an account of {account.source} among those of {source}")
        if not is_id(account.id):
            raise StateError(f"{source} calls a vulnerability what none can be called: {account.id[:64]}")
        told[key_of_id(account.id)] = account
    return told


def bounded(account: Account) -> Account:
    """
    What of `account` is kept: cut to the bounds, with its id of CVE in capitals and its times in UTC.

    NUL, lone surrogates and some private characters, which are no text, become U+FFFD. A score outside 0.0
    to 10.0 is none.
    """
    return replace(
        account,
        id=canonical_id(account.id),
        title=_text(account.title, TITLE_CHARACTERS),
        description=_text(account.description, DESCRIPTION_CHARACTERS),
        scores=tuple(map(_score, (each for each in account.scores if 0.0 <= each.value <= 10.0)))[
            :MOST_SCORES
        ],
        action=_text(account.action, DESCRIPTION_CHARACTERS),
        products=tuple(map(_product, account.products[:MOST_PRODUCTS])),
        exposures=tuple(map(_exposure, account.exposures[:MOST_EXPOSURES])),
        weaknesses=_texts(account.weaknesses[:MOST_WEAKNESSES], NAME_CHARACTERS),
        references=_texts(account.references[:MOST_REFERENCES], ADDRESS_CHARACTERS),
        published=_in_utc(account.published),
        modified=_in_utc(account.modified),
    )


def _score(score: Score) -> Score:
    return replace(
        score,
        version=_text(score.version, NAME_CHARACTERS),
        by=_text(score.by, NAME_CHARACTERS),
        vector=_text(score.vector, LINE_CHARACTERS),
    )


def _product(product: Product) -> Product:
    return Product(
        vendor=_text(product.vendor, NAME_CHARACTERS),
        name=_text(product.name, NAME_CHARACTERS),
        versions=_text(product.versions, LINE_CHARACTERS),
        cpe=_text(product.cpe, LINE_CHARACTERS),
    )


def _exposure(exposure: Exposure) -> Exposure:
    return Exposure(
        package=_text(exposure.package, NAME_CHARACTERS),
        binaries=_texts(exposure.binaries[:MOST_BINARIES], NAME_CHARACTERS),
        installed=_text(exposure.installed, NAME_CHARACTERS),
        fixed=_text(exposure.fixed, NAME_CHARACTERS),
        urgency=_text(exposure.urgency, NAME_CHARACTERS),
        suite=_text(exposure.suite, NAME_CHARACTERS),
    )


def _texts(texts: Iterable[str], characters: int) -> tuple[str, ...]:
    return tuple(_text(each, characters) for each in texts)


def _text(text: str, characters: int) -> str:
    cut = text[:characters]
    return cut if cut.isascii() and "\0" not in cut else cut.translate(_NEVER_KEPT)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
