"""
A page of the NVD CVE API 2.0.

Source: its schema, csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema; unknown keys are passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from doorward.core.cve_bounds import MOST_SCORES
from doorward.core.cve_errands import CveSourceKind
from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    MOST_PRODUCTS,
    TITLE_CHARACTERS,
    Account,
    Product,
    Score,
)
from doorward.errands.cve.cpe import Cpe, range_words, read_cpe
from doorward.errands.cve.documents import AGAIN, decoded, read_entries
from doorward.errands.cve.plain import addresses, cve_id, day, line, paragraphs, weaknesses
from doorward.errands.feeds.dates import read_date

NAME = "a page of the NVD CVE API 2.0"
_FORMAT = "NVD_CVE"


class _Page(msgspec.Struct, rename="camel"):
    start_index: int
    total_results: int
    vulnerabilities: list[msgspec.Raw]
    results_per_page: int | None = None
    format: str = _FORMAT
    timestamp: str = ""


class _Text(msgspec.Struct):
    lang: str = ""
    value: str = ""


class _CvssData(msgspec.Struct, rename="camel"):
    base_score: float
    version: str = ""
    vector_string: str = ""


# version 2 has `baseSeverity` beside `cvssData`, the others within; the word follows from the score anyway
class _Metric(msgspec.Struct, rename="camel"):
    cvss_data: _CvssData
    source: str = ""
    type: str = ""


class _Metrics(msgspec.Struct):
    v40: list[_Metric] = msgspec.field(name="cvssMetricV40", default_factory=list)
    v31: list[_Metric] = msgspec.field(name="cvssMetricV31", default_factory=list)
    v30: list[_Metric] = msgspec.field(name="cvssMetricV30", default_factory=list)
    v2: list[_Metric] = msgspec.field(name="cvssMetricV2", default_factory=list)


class _Weakness(msgspec.Struct):
    description: list[_Text] = []


class _Match(msgspec.Struct, rename="camel"):
    criteria: str
    vulnerable: bool = True
    version_start_including: str = ""
    version_start_excluding: str = ""
    version_end_including: str = ""
    version_end_excluding: str = ""


class _Node(msgspec.Struct, rename="camel"):
    negate: bool = False
    cpe_match: list[_Match] = []


class _Configuration(msgspec.Struct):
    nodes: list[_Node] = []


class _Reference(msgspec.Struct):
    url: str = ""


class _Cve(msgspec.Struct, rename="camel"):
    id: str
    published: str = ""
    last_modified: str = ""
    vuln_status: str = ""
    cisa_exploit_add: str = ""
    cisa_action_due: str = ""
    cisa_required_action: str = ""
    cisa_vulnerability_name: str = ""
    descriptions: list[_Text] = []
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)
    weaknesses: list[_Weakness] = []
    configurations: list[_Configuration] = []
    references: list[_Reference] = []


class _Entry(msgspec.Struct):
    cve: _Cve


_PAGE = msgspec.json.Decoder(_Page)
_ENTRY = msgspec.json.Decoder(_Entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class NvdPage:
    """
    One page.

    Attributes:
        accounts: of the page.
        start: which of all its first entry is, from 0.
        entries: how many it has, those that were left out too.
        total: how many there are on all pages.
        at: when the server made it; None when it does not say.
        notes: which entries were left out.
    """

    accounts: tuple[Account, ...]
    start: int
    entries: int
    total: int
    at: datetime | None
    notes: tuple[str, ...] = ()


def parse_nvd_page(body: bytes, *, url: str) -> NvdPage:
    """
    The page that `body` is.

    Args:
        body: as it came.
        url: where from, for the errors.

    Raises:
        SourceError: it is no such page, or does not have as many entries as it says.
    """
    page = decoded(body, _PAGE, url=url, name=NAME)
    entries = len(page.vulnerabilities)
    if page.format != _FORMAT:
        raise SourceError(url, f"this is {page.format[:40]!r}, not {_FORMAT!r}", AGAIN)
    if page.start_index < 0 or (entries and page.start_index + entries > page.total_results):
        problem = f"{NAME} has entries {page.start_index} to {page.start_index + entries} of "
        raise SourceError(url, f"{problem}{page.total_results}, which cannot be", AGAIN)
    if page.results_per_page is not None:
        says = max(0, min(page.results_per_page, page.total_results - page.start_index))
        if says != entries:
            raise SourceError(url, f"{NAME} says that it has {says} entries, and has {entries}", AGAIN)

    read = read_entries(page.vulnerabilities, _ENTRY, _account, url=url, name=NAME)
    return NvdPage(
        accounts=read.accounts,
        start=page.start_index,
        entries=entries,
        total=page.total_results,
        at=read_date(page.timestamp),
        notes=read.notes,
    )


def _account(entry: _Entry) -> Account:
    cve = entry.cve
    return Account(
        source=CveSourceKind.NVD.value,
        id=cve_id(cve.id),
        title=line(cve.cisa_vulnerability_name, most_characters=TITLE_CHARACTERS),
        description=paragraphs(_english(cve.descriptions), most_characters=DESCRIPTION_CHARACTERS),
        scores=tuple(_scores(cve.metrics))[:MOST_SCORES],
        exploited_since=day(cve.cisa_exploit_add),
        due=day(cve.cisa_action_due),
        action=paragraphs(cve.cisa_required_action, most_characters=DESCRIPTION_CHARACTERS),
        products=_products(cve.configurations),
        weaknesses=weaknesses(tuple(text.value for each in cve.weaknesses for text in each.description)),
        references=addresses(*(each.url for each in cve.references)),
        published=read_date(cve.published),
        modified=read_date(cve.last_modified),
        is_rejected=cve.vuln_status.strip().lower() == "rejected",
    )


def _english(texts: list[_Text]) -> str:
    """The English one, else the first; a language may be `en-US` too."""
    english = (each.value for each in texts if each.lang.lower().partition("-")[0] == "en")
    return next(english, "") or next((each.value for each in texts), "")


def _scores(metrics: _Metrics) -> Iterator[Score]:
    for version, all_of_it in (
        ("4.0", metrics.v40),
        ("3.1", metrics.v31),
        ("3.0", metrics.v30),
        ("2.0", metrics.v2),
    ):
        for metric in all_of_it:
            if not 0.0 <= metric.cvss_data.base_score <= 10.0:
                raise ValueError(f"{metric.cvss_data.base_score!r} is no score of CVSS")
            yield Score(
                value=metric.cvss_data.base_score,
                version=version,
                by=line(metric.source),
                is_primary=metric.type.lower() == "primary",
                vector=line(metric.cvss_data.vector_string),
            )


def _products(configurations: list[_Configuration]) -> tuple[Product, ...]:
    found: dict[Product, None] = {}
    for configuration in configurations:
        for node in configuration.nodes:
            # what is negated is what is not affected; what is not vulnerable is only what it runs on
            for match in () if node.negate else node.cpe_match:
                if match.vulnerable:
                    found[_product(match)] = None
                if len(found) >= MOST_PRODUCTS:
                    return tuple(found)
    return tuple(found)


def _product(match: _Match) -> Product:
    try:
        cpe = read_cpe(match.criteria)
    except ValueError:
        # an odd name is a name still, and no reason to leave the whole entry out
        cpe = Cpe(vendor="", product=match.criteria, version="")
    versions = range_words(
        start_including=match.version_start_including,
        start_excluding=match.version_start_excluding,
        end_including=match.version_end_including,
        end_excluding=match.version_end_excluding,
    )
    return Product(
        vendor=line(cpe.vendor),
        name=line(cpe.product),
        versions=line(versions or cpe.version),
        cpe=line(match.criteria),
    )
