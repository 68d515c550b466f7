"""The tables `[errands.cve.NAME]`."""

from doorward.config import load_settings
from doorward.core.cve_errands import DEFAULT_ADDRESSES, CveErrand, CveSource, CveSourceKind
from doorward.core.cve_filters import CveFilter
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import At, Every
from tests.config.conftest import WriteConfiguration

WHOLE = """
[errands.cve.security]
sources = [
    "kev",
    { kind = "epss" },
    { kind = "nvd", url = "http://nvd.example/cves", key_file = "nvd.key", days = 30 },
    { kind = "debian", suite = "trixie" },
    { kind = "feed", url = "https://e.org/a" },
    { kind = "feed", url = "https://e.org/b" },
]
every = "2h"
to = "alice@example.org"
mail = false
words = ["nginx", "open ssl"]
products = ["cpe:2.3:a:openssl:"]
score = 7
epss = 0.5
kev = true
installed = true
fixable = true
tell_after = 5
"""


def test_an_errand_is_read(write_configuration: WriteConfiguration) -> None:
    file = write_configuration(WHOLE)
    settings = load_settings(file)
    kinds = CveSourceKind
    assert settings.errands["cve.security"] == CveErrand(
        name="security",
        sources=(
            CveSource(kind=kinds.KEV, url=DEFAULT_ADDRESSES[kinds.KEV]),
            CveSource(kind=kinds.EPSS, url=DEFAULT_ADDRESSES[kinds.EPSS]),
            CveSource(
                kind=kinds.NVD,
                url="http://nvd.example/cves",
                key_file=str(file.with_name("nvd.key")),
                days=30,
            ),
            CveSource(kind=kinds.DEBIAN, url=DEFAULT_ADDRESSES[kinds.DEBIAN], suite="trixie"),
            CveSource(kind=kinds.FEED, url="https://e.org/a"),
            CveSource(kind=kinds.FEED, url="https://e.org/b"),
        ),
        timing=Every(7200),
        filter=CveFilter(
            words=("nginx", "open ssl"),
            products=("cpe:2.3:a:openssl:",),
            score=7.0,
            epss=0.5,
            kev=True,
            installed=True,
            fixable=True,
        ),
        to=(Mailbox("alice@example.org"),),
        mails=False,
        tell_after=5,
    )
    assert settings.notices == ()


def test_what_is_left_out_is_as_it_is_by_default(write_configuration: WriteConfiguration) -> None:
    text = '[errands.cve.a]\nsources = ["kev"]\nat = "04:30"\nto = "alice@example.org"\n'
    errand = load_settings(write_configuration(text)).errands["cve.a"]
    assert isinstance(errand, CveErrand)
    assert (errand.timing, errand.mails, errand.tell_after, errand.filter) == (
        At(4, 30),
        True,
        3,
        CveFilter(),
    )


def test_what_is_asked_for_and_no_source_tells_is_noted(write_configuration: WriteConfiguration) -> None:
    text = '[errands.cve.a]\nsources = ["kev"]\nevery = "2h"\nmail = false\nfixable = true\nepss = 0.5\n'
    assert load_settings(write_configuration(text)).notices == (
        "errands.cve.a.epss: only the source epss tells this, which is none of its sources",
        "errands.cve.a.fixable: only the source debian tells this, which is none of its sources",
    )
