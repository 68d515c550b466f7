"""What the pages show of vulnerabilities, from the JSON of the command `cve`; pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from doorward.core import percents
from doorward.core.cve_ids import DEBIAN_PAGE, NVD_PAGE, cve_number
from doorward.core.errors import one_line
from doorward.doors.web.pages.cve_texts import CveTexts
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import moment

Members = Mapping[str, Any]

_REFERENCES = 50
_ABOUT_CHARACTERS = 160


def row_of(texts: Texts, members: Members) -> dict[str, object]:
    """
    One of a list.

    Attributes `…_value` are what a column is sorted by: numbers, or texts that sort as their days do.
    """
    cve = texts.cve
    names = [_product(each) for each in members["products"]]
    return {
        "id": one_line(members["id"]),
        "path": path_of(members["id"]),
        **_severity(texts, members),
        "epss": "" if members["epss"] is None else percent(texts, members["epss"]),
        "epss_value": -1 if members["epss"] is None else members["epss"],
        "exploited": members["exploited_since"] or "",
        "package": _package(cve, members["exposures"]),
        "title": one_line(members["title"]),
        "about": _cut(one_line(members["title"])),
        "product": _unnamed_product(members),
        "published": (members["published"] or "")[:10],
        "is_rejected": members["is_rejected"],
        "searched": one_line(" ".join([members["id"], members["title"], *names]).lower()),
    }


def whole_of(texts: Texts, members: Members) -> dict[str, object]:
    """All that is known of one."""
    cve = texts.cve
    is_cve = cve_number(members["id"]) is not None
    return {
        **row_of(texts, members),
        "likely": ""
        if members["epss"] is None
        else cve.likely_hint.format(
            score=percent(texts, members["epss"]), percentile=percent(texts, members["percentile"])
        ),
        "first_seen": moment(members["first_seen_at"]),
        "changed": moment(members["changed_at"]),
        "exposures": [_exposure(cve, each) for each in members["exposures"]],
        "accounts": [_account(texts, each) for each in members["accounts"]],
        "products": [
            ", ".join(filter(None, (_product(each), one_line(each["versions"]))))
            for each in members["products"]
        ],
        "scores": [_score(texts, each) for each in members["scores"]],
        "references": [_reference(each) for each in members["references"][:_REFERENCES]],
        "nvd": f"{NVD_PAGE}{members['id']}" if is_cve else "",
        "debian": f"{DEBIAN_PAGE}{members['id']}" if is_cve else "",
        "note": "" if not members["note"] else cve.stale.format(reason=one_line(members["note"])),
    }


def path_of(name: str) -> str:
    """Where the page of the vulnerability called `name` is."""
    return f"/cve/{quote(name, safe='')}"


def percent(texts: Texts, part: float) -> str:
    """`0.8512` as `85.1 %`, as everywhere."""
    return percents.percent(part).replace(".", texts.decimal)


def source_words(cve: CveTexts, key: str) -> str:
    """A source by the name that people know; a feed with its address."""
    kind, _, address = key.partition(":")
    return one_line(" ".join(filter(None, (cve.sources.get(kind, kind), address))))


def _severity(texts: Texts, members: Members) -> dict[str, object]:
    if members["score"] is None:
        return {"severity": "", "severity_words": "", "score": "", "score_value": -1}
    return {
        "severity": members["severity"],
        "severity_words": texts.cve.severities[members["severity"]],
        "score": f"{members['score']:.1f}".replace(".", texts.decimal),
        "score_value": members["score"],
    }


def _package(cve: CveTexts, exposures: Sequence[Members]) -> dict[str, str] | None:
    if not exposures:
        return None
    first = next((each for each in exposures if each["fixed"]), exposures[0])
    more = len(exposures) - 1
    return {
        "name": one_line(first["package"]),
        "words": _upgrade(cve, first),
        "more": cve.and_more.format(count=more) if more else "",
    }


def _upgrade(cve: CveTexts, exposure: Members) -> str:
    return cve.upgrade.format(version=one_line(exposure["fixed"])) if exposure["fixed"] else cve.no_fix


def _exposure(cve: CveTexts, exposure: Members) -> dict[str, object]:
    return {
        "package": one_line(exposure["package"]),
        "installed": one_line(exposure["installed"]),
        "words": _upgrade(cve, exposure),
        "has_fix": bool(exposure["fixed"]),
        "about": ", ".join(one_line(each) for each in (exposure["suite"], exposure["urgency"]) if each),
        "binaries": cve.installed_as.format(packages=one_line(", ".join(exposure["binaries"]))),
    }


def _account(texts: Texts, account: Members) -> dict[str, object]:
    return {
        "says": any(account[name] for name in ("title", "description", "action", "due", "weaknesses")),
        "source": source_words(texts.cve, account["source"]),
        "title": one_line(account["title"]),
        "paragraphs": [one_line(each) for each in account["description"].splitlines() if each.strip()],
        "action": one_line(account["action"]),
        "due": account["due"] or "",
        "in_ransomware": account["in_ransomware"],
        "weaknesses": ", ".join(map(one_line, account["weaknesses"])),
    }


def _score(texts: Texts, score: Members) -> dict[str, object]:
    return {
        "severity": score["severity"],
        "words": texts.cve.severities[score["severity"]],
        "score": f"{score['score']:.1f}".replace(".", texts.decimal),
        "version": one_line(score["version"]),
        "by": one_line(score["by"]),
        "is_primary": score["is_primary"],
        "vector": one_line(score["vector"] or ""),
    }


def _cut(text: str) -> str:
    return text if len(text) <= _ABOUT_CHARACTERS else f"{text[: _ABOUT_CHARACTERS - 1]}…"


def _unnamed_product(members: Members) -> str:
    """The first product, when there is a vendor of it and the title names neither."""
    title, products = members["title"].lower(), members["products"]
    # without a vendor it is what a feed calls it, and says more only where there is no title
    if not products or (title and not products[0]["vendor"]):
        return ""
    if any(name and name.lower() in title for name in (products[0]["vendor"], products[0]["name"])):
        return ""
    return _product(products[0])


def _product(product: Members) -> str:
    return one_line(" ".join(dict.fromkeys(filter(None, (product["vendor"], product["name"])))))


def _reference(address: str) -> dict[str, str]:
    """An address as a link; one that is none a browser should follow, as a text."""
    shown = one_line(address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return {"text": shown, "link": ""}
    is_page = parts.scheme in {"http", "https"} and bool(parts.hostname) and shown == address
    return {"text": shown, "link": address if is_page else ""}
