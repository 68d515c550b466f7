"""
The catalogue of known exploited vulnerabilities of CISA.

Source: its schema, www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json.
"""

from datetime import date

import msgspec

from doorward.core.cve_errands import CveSourceKind
from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import DESCRIPTION_CHARACTERS, TITLE_CHARACTERS, Account, Product
from doorward.errands.cve.documents import AGAIN, Entries, decoded, read_entries
from doorward.errands.cve.plain import addresses_in, cve_id, day, line, paragraphs, weaknesses

NAME = "the catalogue of CISA"

MOST_ENTRIES = 100_000
"""Sixty times as many as there are: all are noted in one go, for which whoever wants to write waits."""


class _Catalogue(msgspec.Struct):
    vulnerabilities: list[msgspec.Raw]
    count: int | None = None


class _Entry(msgspec.Struct, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: date
    vendor_project: str = ""
    product: str = ""
    vulnerability_name: str = ""
    short_description: str = ""
    required_action: str = ""
    due_date: str = ""
    known_ransomware_campaign_use: str = ""
    notes: str = ""
    cwes: list[str] = []


_CATALOGUE = msgspec.json.Decoder(_Catalogue)
_ENTRY = msgspec.json.Decoder(_Entry)


def parse_kev(body: bytes, *, url: str) -> Entries:
    """
    The accounts that the catalogue gives: all that it has.

    Args:
        body: as it came.
        url: where from, for the errors.

    Raises:
        SourceError: it is not the catalogue, or not whole: its own count differs, or it has no entry.
    """
    catalogue = decoded(body, _CATALOGUE, url=url, name=NAME)
    has = len(catalogue.vulnerabilities)
    if not has:
        raise SourceError(url, f"{NAME} has no entry, which cannot be", AGAIN)
    if has > MOST_ENTRIES:
        raise SourceError(url, f"{NAME} has more than {MOST_ENTRIES:,} entries, which cannot be", AGAIN)
    if catalogue.count is not None and catalogue.count != has:
        problem = f"{NAME} says that it has {catalogue.count} entries, and has {has}"
        raise SourceError(url, problem, AGAIN)

    return read_entries(catalogue.vulnerabilities, _ENTRY, _account, url=url, name=NAME)


def _account(entry: _Entry) -> Account:
    return Account(
        source=CveSourceKind.KEV.value,
        id=cve_id(entry.cve_id),
        title=line(entry.vulnerability_name, most_characters=TITLE_CHARACTERS),
        description=paragraphs(entry.short_description, most_characters=DESCRIPTION_CHARACTERS),
        exploited_since=entry.date_added,
        due=day(entry.due_date),
        in_ransomware=entry.known_ransomware_campaign_use.strip().lower() == "known",
        action=paragraphs(entry.required_action, most_characters=DESCRIPTION_CHARACTERS),
        products=(Product(vendor=line(entry.vendor_project), name=line(entry.product)),),
        weaknesses=weaknesses(tuple(entry.cwes)),
        references=addresses_in(entry.notes),
    )
