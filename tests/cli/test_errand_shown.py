"""Errands of every kind, as `doorward errands list` has them."""

import json

from doorward.cli.errand_shown import errand_members, errand_row
from doorward.core.cve_errands import CveErrand, CveSource, CveSourceKind
from doorward.core.cve_filters import CveFilter
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import At

ERRAND = CveErrand(
    name="security",
    sources=(
        CveSource(kind=CveSourceKind.KEV, url="https://e.org/kev"),
        CveSource(kind=CveSourceKind.NVD, url="https://e.org/nvd", key_file="/key", days=30),
        CveSource(kind=CveSourceKind.DEBIAN, url="https://e.org/debian", suite="trixie"),
        CveSource(kind=CveSourceKind.FEED, url="https://e.org/\x1b[31m"),
    ),
    timing=At(6, 30),
    filter=CveFilter(score=7.0, words=("nginx",)),
    to=(Mailbox("alice@example.org"),),
)


def test_a_watch_over_vulnerabilities_is_a_line() -> None:
    assert errand_row(ERRAND) == (
        "cve.security",
        "at 06:30",
        "kev, nvd, debian, feed:https://e.org/\\x1b[31m",
        "alice@example.org",
    )


def test_a_watch_over_vulnerabilities_is_json() -> None:
    members = json.loads(json.dumps(errand_members(ERRAND)))
    assert members == {
        "errand": "cve.security",
        "timing": "at 06:30",
        "to": ["alice@example.org"],
        "tell_after": 3,
        "mail": True,
        "sources": [
            {"kind": "kev", "url": "https://e.org/kev"},
            {"kind": "nvd", "url": "https://e.org/nvd", "days": 30, "key_file": "/key"},
            {"kind": "debian", "url": "https://e.org/debian", "suite": "trixie"},
            {"kind": "feed", "url": "https://e.org/\x1b[31m"},
        ],
        "filter": {
            "words": ["nginx"],
            "products": [],
            "score": 7.0,
            "epss": None,
            "kev": False,
            "installed": False,
            "fixable": False,
        },
    }
