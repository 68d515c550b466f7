"""Documents of sources: real ones, and small ones of their shape."""

import json
from pathlib import Path
from typing import Any

from doorward.core.installed import Installed, SourcePackage

DATA = Path(__file__).parents[2] / "data"
KEV = DATA / "kev.json"
NVD_PAGE = DATA / "nvd-2.0-page.json"
NVD_RSS = DATA / "nvd-rss-1.0.xml"
URL = "https://sources.example.org/document"

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"


def kev(*entries: dict[str, Any], **top: Any) -> bytes:
    """A catalogue of these entries, each of which may say less than all."""
    whole = [{"cveID": "CVE-2025-0001", "dateAdded": "2025-11-24", **each} for each in entries]
    return json.dumps({"title": "KEV", "count": len(whole), "vulnerabilities": whole, **top}).encode()


def nvd(*cves: dict[str, Any], start: int = 0, total: int | None = None, **top: Any) -> bytes:
    """A page of these CVEs, each of which may say less than all."""
    page = {
        "resultsPerPage": len(cves),
        "startIndex": start,
        "totalResults": start + len(cves) if total is None else total,
        "format": "NVD_CVE",
        "version": "2.0",
        "timestamp": "2026-11-27T12:00:00.000",
        "vulnerabilities": [{"cve": {"id": f"CVE-2025-{start + n:04}", **cve}} for n, cve in enumerate(cves)],
    }
    return json.dumps({**page, **top}).encode()


def epss(*rows: str) -> bytes:
    """A table with these rows."""
    head = "#model_version:v2025.03.14,score_date:2026-11-27T12:00:00Z\ncve,epss,percentile\n"
    return (head + "".join(f"{row}\n" for row in rows)).encode()


def said(
    status: str, fixed: str | None = None, *, urgency: str = "not yet assigned", suite: str = "bookworm"
) -> dict[str, Any]:
    """What the tracker says of one vulnerability in one release."""
    release: dict[str, Any] = {
        "status": status,
        "repositories": {suite: "1.0-1", f"{suite}-security": "1.0-1+deb12u1"},
        "urgency": urgency,
    }
    if fixed is not None:
        release["fixed_version"] = fixed
    return {"scope": "local", "debianbug": 1, "description": "It breaks.", "releases": {suite: release}}


def tracker(packages: dict[str, dict[str, Any]]) -> bytes:
    """A tracker of these packages, each with what is said of each name."""
    return json.dumps(packages).encode()


def machine(*packages: tuple[str, str], suite: str = "bookworm") -> Installed:
    """A machine that has these source packages, each with a binary of its own."""
    return Installed(
        suite=suite,
        packages=tuple(
            SourcePackage(name=name, version=version, binaries=(f"{name}-bin",)) for name, version in packages
        ),
    )
