"""The mail of a watch, as a mail reader has it."""

import html
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from doorward.core.cve_changes import Change, ChangeKind
from doorward.core.cve_filters import CveFilter
from doorward.core.vulnerabilities import (
    DESCRIPTION_CHARACTERS,
    TITLE_CHARACTERS,
    Account,
    Epss,
    Exposure,
    Score,
    Vulnerability,
)
from doorward.errands.composing import Draft
from doorward.errands.cve.deciding import Changed, Decision
from doorward.errands.cve.digest import LISTED, Look, SourceLook, digest_of
from doorward.errands.health import Health
from tests.errands.cve.watch_house import CveHouse
from tests.errands.letters import composed, read

ERRAND = CveHouse().errand
WALL = 1_750_000_000.0
GLIBC = Exposure(
    package="glibc",
    binaries=("libc-bin", "libc6"),
    installed="2.36-9",
    fixed="2.36-9+deb12u11",
    suite="bookworm",
)


def one(number: int, *more: Account, score: float | None = None, epss: float | None = None) -> Vulnerability:
    name = f"CVE-2025-{number:04}"
    scores = () if score is None else (Score(value=score, version="3.1", by="nvd@nist.gov", is_primary=True),)
    first = Account(source="nvd", id=name, title=f"Title {number}", description="What it is.", scores=scores)
    return Vulnerability(
        id=name,
        accounts=(first, *more),
        epss=None if epss is None else Epss(score=epss, percentile=0.9),
    )


def with_account(number: int, **members: object) -> Vulnerability:
    account = Account(source="debian", id=f"CVE-2025-{number:04}", **members)  # type: ignore[arg-type]
    return one(number, account, score=7.5)


def look(*sources: SourceLook, since_at: float | None = WALL - 7200) -> Look:
    answered = Health(answered_at=WALL, entries=1404)
    return Look(
        sources=sources or (SourceLook(source="kev", before=answered, after=answered),), since_at=since_at
    )


def digest(decision: Decision, looked: Look | None = None, wanted: CveFilter | None = None) -> Draft:
    errand = replace(ERRAND, filter=wanted or CveFilter())
    draft = digest_of(errand, decision, looked or look())
    assert draft is not None
    return draft


def new(*vulnerabilities: Vulnerability, wanted: CveFilter | None = None) -> Draft:
    return digest(Decision(new=vulnerabilities), wanted=wanted)


def test_nothing_to_tell_is_no_mail() -> None:
    assert digest_of(ERRAND, Decision(), look()) is None


def test_the_most_urgent_come_first_under_headings_of_their_own() -> None:
    exploited = with_account(1, exploited_since=date(2025, 6, 1), due=date(2025, 6, 22), in_ransomware=True)
    draft = new(
        one(2),
        one(3, score=9.8, epss=0.93),
        with_account(4, exposures=(GLIBC,)),
        with_account(5, exposures=(Exposure(package="zlib", binaries=("zlib1g",), installed="1.2"),)),
        exploited,
        wanted=CveFilter(score=7.0, epss=0.5),
    )
    order = ["Exploited (1)", "On this machine, with a fix (1)", "On this machine, without a fix yet (1)"]
    order += ["Others (1)", "Not scored yet (1)", "Sources"]
    places = [draft.text.index(heading) for heading in order]
    assert places == sorted(places)
    assert (
        "why: exploited since 2025-06-01, used by ransomware; to be mended by 2025-06-22; score 7.5 HIGH"
        in (draft.text)
    )
    assert "why: score 9.8 CRITICAL (CVSS 3.1, nvd@nist.gov) >= 7; EPSS 93.0 % >= 50 %\n" in draft.text
    assert "here: glibc 2.36-9 is installed, 2.36-9+deb12u11 mends it: apt " in draft.text
    assert "mends it: apt install --only-upgrade libc-bin libc6\n" in draft.text
    assert "here: zlib 1.2 is installed, and nothing mends it yet\n" in draft.text
    assert "why: not scored yet\n" in draft.text
    assert draft.subject == "security: 5 new, 1 exploited, 2 on this machine"


def test_it_is_said_which_words_and_products_are_in_it() -> None:
    wanted = CveFilter(words=("nothing", "what it"), products=("glibc", "apache"))
    draft = new(with_account(1, exposures=(GLIBC,)), wanted=wanted)
    assert 'installed glibc 2.36-9; word "what it"; product "glibc"\n' in draft.text


def test_what_changed_stands_apart_and_says_what() -> None:
    changes = (
        Change(kind=ChangeKind.SCORE, before="5.0", after="9.8"),
        Change(kind=ChangeKind.EXPLOITED, after="2025-06-01"),
    )
    changed = Changed(vulnerability=one(1, score=9.8), changes=changes)
    draft = digest(Decision(new=(one(2, score=5.0),), changed=(changed,)))
    assert "Changed (1)\n-----------\n\nCVE-2025-0001: Title 1\n" in draft.text
    assert "  changed: score 5.0 -> 9.8; now exploited, since 2025-06-01\n" in draft.text
    assert draft.text.startswith("1 new vulnerability and 1 changed since 2025-06-15 13:06 UTC")
    alone = digest(Decision(changed=(changed,)))
    assert alone.subject == "security: CVE-2025-0001 (score 5.0 -> 9.8; now exploited, since 2025-06-01)"


@pytest.mark.parametrize("kind", ChangeKind)
def test_every_kind_of_change_has_words(kind: ChangeKind) -> None:
    changed = Changed(vulnerability=one(1), changes=(Change(kind=kind, before="3.0", after="4.0"),))
    assert "  changed: " in digest(Decision(changed=(changed,))).text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value for _, value in attrs}
        assert tag == "meta" or {name for name, _ in attrs} <= {"href"}


HOSTILE = "<script>alert(1)</script>\u202eevil\x1b[31m\r\nBcc: eve@example.org\"'&"


def test_texts_of_strangers_are_escaped_and_deceive_nobody() -> None:
    account = Account(
        source="feed:https://e.org/",
        id="DSA-1\u202e<b>",
        title=HOSTILE,
        description=HOSTILE,
        action=HOSTILE,
        references=(
            "javascript:alert(1)",
            'https://e.org/"onclick=',
            "https://e.org/\u202e",
            "https://e.org/good",
        ),
        exposures=(
            Exposure(package=HOSTILE, binaries=("$(reboot)", "libc6; rm"), installed="1", fixed=HOSTILE),
        ),
    )
    vulnerability = Vulnerability(id=account.id, accounts=(account,))
    source = SourceLook(
        source=f"feed:{HOSTILE}", before=Health(), after=Health(answered_at=WALL), notes=(HOSTILE,)
    )
    draft = digest(Decision(new=(vulnerability,), summed=(vulnerability,)), look(source))
    assert draft.html is not None
    for text in (draft.text, draft.html):
        assert not {"\u202e", "\x1b", "\r"} & set(text)
        assert "\nBcc:" not in text
        assert "$(reboot)" not in text
        assert "only-upgrade" not in text
    tags = _Tags()
    tags.feed(draft.html)
    assert tags.tags <= {"html", "head", "meta", "body", "p", "h3", "ul", "li", "b", "i", "a", "br"}
    assert tags.links == {"utf-8", "https://e.org/good"}
    message = read(composed(draft))
    assert message["Bcc"] is None


def test_a_digest_is_bounded_whatever_it_tells() -> None:
    many = tuple(
        Vulnerability(
            id=f"CVE-2025-{number:05}",
            accounts=(
                Account(
                    source="debian",
                    id=f"CVE-2025-{number:05}",
                    title="t" * TITLE_CHARACTERS,
                    description="d" * DESCRIPTION_CHARACTERS,
                    action="a" * DESCRIPTION_CHARACTERS,
                    references=tuple(f"https://e.org/{'r' * 250}/{each}" for each in range(50)),
                    exposures=tuple(
                        Exposure(
                            package="p" * 200,
                            binaries=("b" * 200,) * 200,
                            installed="1" * 200,
                            fixed="2" * 200,
                        )
                        for _ in range(100)
                    ),
                ),
            ),
        )
        for number in range(LISTED + 700)
    )
    draft = new(*many)
    assert draft.text.count("\n  why: ") == 100
    assert "and 700 more; they are in what `doorward cve list` lists of the same state" in draft.text
    assert draft.html is not None
    assert len(draft.text) + len(draft.html) < 4_000_000


def test_a_summary_counts_and_shows_ten() -> None:
    summed = tuple(one(number, score=None if number % 2 else 8.0) for number in range(1, 1001))
    fresh = SourceLook(source="nvd", before=Health(), after=Health(answered_at=WALL, entries=1000))
    draft = digest(Decision(summed=summed), look(fresh, since_at=None))
    assert draft.text.startswith(
        "security is watched from now on, and these answered: nvd. "
        "1,000 vulnerabilities match what is looked for (500 not scored yet); "
        "what was there already is not told one by one.\n"
    )
    assert draft.text.count("\n  why: ") == 10
    assert "All 1,000: they are in what `doorward cve list` lists of the same state." in draft.text
    wanted = CveFilter(words=("open ssl",), score=7.0, installed=True)
    narrow = digest(Decision(summed=summed), look(fresh, since_at=None), wanted)
    assert (
        "`doorward cve list --word 'open ssl' --score 7 --installed` lists of the same state" in narrow.text
    )
    assert "'open ssl'" in html.unescape(narrow.html or "")


def test_how_each_source_is_stands_at_the_end() -> None:
    well = Health(answered_at=WALL, entries=1)
    ill = Health(answered_at=WALL - 86_400, entries=5, failures=2, since_at=WALL - 3600, problem="no route")
    draft = digest(
        Decision(new=(one(1),)),
        look(
            SourceLook(source="kev", before=well, after=well, notes=("2 entries were left out",)),
            SourceLook(source="nvd", before=ill, after=ill),
            SourceLook(source="epss", before=Health(), after=Health(failures=1, since_at=WALL, problem="x")),
        ),
    )
    assert draft.text.endswith(
        "Sources\n-------\n\n"
        "kev: answered 2025-06-15 15:06 UTC, with 1 entry\n"
        "kev: note: 2 entries were left out\n"
        "nvd: answered 2025-06-14 15:06 UTC, with 5 entries; "
        "failed twice since 2025-06-15 14:06 UTC: no route\n"
        "epss: never answered; failed once since 2025-06-15 15:06 UTC: x\n"
    )
