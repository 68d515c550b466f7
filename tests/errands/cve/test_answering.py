"""The command `cve`, answered from what is known."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from doorward.core.builtin_commands import LATER
from doorward.core.cve_command import MOST_LISTED, OUTPUT_BYTES, cve_command
from doorward.core.errors import BadArgument, SourceError, StateError
from doorward.core.functions import arguments_of
from doorward.core.installed import Installed, SourcePackage
from doorward.core.invocation import bind
from doorward.core.limits import Limits
from doorward.core.vulnerabilities import (
    MOST_PRODUCTS,
    TITLE_CHARACTERS,
    Account,
    Exposure,
    Product,
    Score,
)
from doorward.core.words import split_words
from doorward.errands.cve.answering import CveDesk
from doorward.testing.clock import ManualClock
from doorward.testing.vulnerabilities import MemoryVulnerabilities
from doorward.testing.vulnerability_contract import epss, kev, nvd

COMMAND = cve_command(LATER)


class Machine:
    """What is installed; counts how often it is asked."""

    def __init__(self, *packages: tuple[str, str], trouble: str = "") -> None:
        self.asked = 0
        self._packages = packages
        self._trouble = trouble

    async def __call__(self) -> Installed:
        self.asked += 1
        if self._trouble:
            raise SourceError("dpkg-query", self._trouble)
        return Installed(
            suite="bookworm",
            packages=tuple(
                SourcePackage(name=name, version=version, binaries=(f"lib{name}",))
                for name, version in self._packages
            ),
        )


def exposed(number: int, package: str, *, installed: str = "1", fixed: str = "") -> Account:
    exposure = Exposure(package=package, binaries=(package,), installed=installed, fixed=fixed)
    return Account(source="debian", id=f"CVE-2025-{number:05}", exposures=(exposure,))


async def desk(*accounts: Account, machine: Machine | None = None) -> CveDesk:
    clock = ManualClock()
    store = MemoryVulnerabilities(clock)
    for source in {account.source for account in accounts}:
        told = [account for account in accounts if account.source == source]
        await store.note(source, told, marks={}, is_all=True)
    return CveDesk(store=store, installed=machine or Machine(), now_at=clock.wall())


async def ask(to: CveDesk, line: str) -> str:
    values = arguments_of(COMMAND.parameters, bind(COMMAND, split_words(line), Limits()).values)[1]
    return await to.answer(values)


async def asked_json(to: CveDesk, line: str) -> Any:
    return json.loads(await ask(to, f"{line} form=json"))


async def test_without_a_state_it_says_what_to_type() -> None:
    nothing = CveDesk(store=None, installed=Machine(), now_at=0.0)
    assert "doorward cve watch --once" in await ask(nothing, "list --kev")
    assert (await asked_json(nothing, "list"))["is_empty"] is True
    assert await asked_json(nothing, "counts") == []
    assert "doorward cve watch --once" in await ask(nothing, "counts")
    assert await asked_json(nothing, "show CVE-2025-1") is None


async def test_an_empty_store_is_told_from_one_of_which_nothing_passes() -> None:
    assert (await asked_json(await desk(), "list"))["is_empty"] is True
    assert "doorward cve watch --once" in await ask(await desk(), "list --installed")
    some = await desk(kev(1))
    assert (await asked_json(some, "list --score 5 --word nothing"))["is_empty"] is False
    assert await ask(some, "list --installed") == "No vulnerability that is known passes.\n"


async def test_nobody_asks_dpkg_when_no_package_has_a_part() -> None:
    machine = Machine(("glibc", "1"))
    some = await desk(kev(1), nvd(2, 9.8), machine=machine)
    await ask(some, "list")
    await ask(some, "list --installed")
    await ask(some, f"show {kev(1).id}")
    assert machine.asked == 0


async def test_what_was_upgraded_or_removed_since_is_left_out_of_what_is_installed() -> None:
    accounts = (
        exposed(1, "glibc", fixed="2"),
        exposed(2, "openssl", fixed="3"),
        exposed(3, "gone"),
        exposed(4, "bash"),
    )
    machine = Machine(("glibc", "2"), ("openssl", "2.9"), ("bash", "5"))
    found = await asked_json(await desk(*accounts, machine=machine), "list --installed")
    assert [each["id"] for each in found["vulnerabilities"]] == ["CVE-2025-00002", "CVE-2025-00004"]
    assert (found["total"], found["unscored"], found["note"]) == (2, 2, None)
    assert found["vulnerabilities"][0]["exposures"] == [
        {
            "package": "openssl",
            "binaries": ["libopenssl"],
            "installed": "2.9",
            "fixed": "3",
            "urgency": None,
            "suite": None,
        }
    ]
    fixable = await asked_json(await desk(*accounts, machine=machine), "list --fixable")
    assert [each["id"] for each in fixable["vulnerabilities"]] == ["CVE-2025-00002"]
    every = await asked_json(await desk(*accounts, machine=machine), "list --order id")
    assert [bool(each["exposures"]) for each in every["vulnerabilities"]] == [False, True, False, True]


async def test_where_dpkg_cannot_tell_packages_are_as_they_were_and_that_is_said() -> None:
    some = await desk(exposed(1, "glibc", fixed="2"), machine=Machine(trouble="it has no dpkg"))
    text = await ask(some, "list --installed")
    assert "glibc -> 2" in text
    assert "Packages are as they were when the sources were asked last: dpkg-query: it has no dpkg" in text
    assert "as they were when" in await ask(some, "show CVE-2025-00001")
    assert "it has no dpkg" in (await asked_json(some, "show CVE-2025-00001"))["note"]


async def test_all_of_one_is_shown() -> None:
    clock = ManualClock()
    store = MemoryVulnerabilities(clock)
    account = Account(
        source="kev",
        id=kev(1).id,
        title="A title",
        description="One.\nTwo.",
        exploited_since=date(2025, 3, 1),
        due=date(2025, 3, 22),
        in_ransomware=True,
        action="Upgrade.",
        products=(Product(vendor="Example", name="Thing", versions="before 2"),),
        weaknesses=("CWE-79",),
        references=("https://example.org/",),
    )
    await store.note("kev", [account], marks={}, is_all=True)
    await store.note("nvd", [nvd(1, 9.8)], marks={}, is_all=True)
    await store.note_epss(epss((1, 0.25)), marks={})
    to = CveDesk(store=store, installed=Machine(), now_at=clock.wall())
    text = await ask(to, f"show {kev(1).id.lower()}")
    for part in (
        f"{kev(1).id}: A title\n",
        "9.8 critical, CVSS ",
        "EPSS 25.0 %",
        "exploited, known since 2025-03-01\n",
        "kev says: A title\n  One.\n  Two.\n",
        "  mend it by 2025-03-22; used by ransomware; CWE-79\n  Upgrade.\n",
        "Products:\n  Example Thing, before 2\n",
        "Pages about it:\n  https://example.org/\n",
    ):
        assert part in text
    members = await asked_json(to, f"show {kev(1).id}")
    assert members["accounts"][0]["due"] == "2025-03-22"
    assert members["severity"] == "critical"
    assert members["references"] == ["https://example.org/"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("show", "id: expected the id of a vulnerability, as CVE-2024-3094, got nothing"),
        ("show CVE-1", 'id: expected the id of a vulnerability that is known, as CVE-2024-3094, got "CVE-1"'),
        ("list CVE-2025-1", 'id: expected none with list: it goes with show, got "CVE-2025-1"'),
        ("list --word ,", 'word: expected something to look for, got ","'),
        ("counts --product ' '", 'product: expected something to look for, got " "'),
        ("counts x", 'id: expected none with counts: it goes with show, got "x"'),
        ("list --since x", 'since: expected 12h, 7d, 2w or a day as 2026-11-01, got "x"'),
    ],
)
async def test_what_cannot_be_answered_has_a_reason(line: str, text: str) -> None:
    with pytest.raises(BadArgument) as caught:
        await ask(await desk(kev(1)), line)
    assert str(caught.value) == text


async def test_a_store_that_cannot_be_read_is_a_reason_too() -> None:
    class Broken(MemoryVulnerabilities):
        async def search(self, query: object) -> Any:
            raise StateError("the disk is gone")

    broken = CveDesk(store=Broken(ManualClock()), installed=Machine(), now_at=0.0)
    with pytest.raises(StateError, match="the disk is gone"):
        await ask(broken, "list")


async def test_words_and_products_are_parted_by_commas() -> None:
    some = await desk(
        *(
            Account(source="kev", id=f"CVE-2025-0000{n}", title=f"A {word} story")
            for n, word in enumerate(("red", "green", "blue"))
        ),
    )
    found = await asked_json(some, "list --word 'red, blue,' --order id")
    assert [each["title"] for each in found["vulnerabilities"]] == ["A red story", "A blue story"]


async def test_the_longest_list_that_there_can_be_is_not_cut() -> None:
    some = 20
    wide = "\N{PILE OF POO}" * 5_000
    accounts = [
        Account(
            source="nvd",
            id=f"CVE-2025-{number:05}",
            title=wide[:TITLE_CHARACTERS],
            description=wide,
            scores=(Score(value=9.8, version="3.1", by=wide),),
            products=tuple(Product(vendor=f"{each}{wide}", name=wide) for each in range(MOST_PRODUCTS)),
        )
        for number in range(some)
    ]
    text = await ask(await desk(*accounts), f"list --limit {MOST_LISTED} form=json")
    assert len(json.loads(text)["vulnerabilities"]) == some
    assert len(text.encode()) / some * MOST_LISTED < OUTPUT_BYTES


async def test_no_group_moves_what_is_most_urgent_from_the_first_place() -> None:
    # exploited and not scored, before one that is neither
    some = await desk(kev(1), nvd(2, 9.8), nvd(3, 5.0))
    first, all_of_them = await ask(some, "list --limit 1"), await ask(some, "list")
    assert first.splitlines()[2].split()[0] == kev(1).id
    assert [line.split()[0] for line in all_of_them.splitlines()[1:4]] == [
        kev(1).id,
        "CVE-2025-0002",
        "CVE-2025-0003",
    ]
    assert "not scored" in all_of_them.splitlines()[1]
    assert "Without a score" not in all_of_them
    worst = (await ask(some, "list --order score")).splitlines()
    assert worst[3:6] == ["", "Without a score, which does not say that they are harmless:", worst[5]]
    assert worst[5].split()[0] == kev(1).id


async def test_what_a_feed_calls_a_product_stands_before_no_title() -> None:
    slug = Product(vendor="", name="small_business_rv160,_rv260_routers")
    feed = Account(source="feed:https://example.org/rss", id=kev(1).id, products=(slug,))
    titled = replace(kev(1), title="Cisco Small Business RV flaw", products=())
    assert slug.name not in await ask(await desk(feed, titled), "list")
    assert slug.name in await ask(await desk(feed), "list")


async def test_an_id_is_found_as_it_is_written_in_a_hurry() -> None:
    some = await desk(kev(1))
    for said in ("2025-0001", '" cve-2025-0001 "'):
        assert (await ask(some, f"show {said}")).startswith(kev(1).id)
    for word in (kev(1).id, "2025-0001", "0001"):
        assert (await asked_json(some, f"list --word {word}"))["total"] == 1
