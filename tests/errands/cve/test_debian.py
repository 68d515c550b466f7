"""The tracker of Debian beside a machine; and beside this one, when it is one of Debian."""

import json
import shutil
from typing import Any

import pytest

from doorward.compose.installed import installed_packages
from doorward.core.debian_versions import is_older
from doorward.core.errors import SourceError
from doorward.core.installed import Installed
from doorward.errands.cve.debian import parse_debian
from doorward.errands.cve.documents import Entries
from doorward.errands.cve.exposing import still_exposed
from tests.errands.cve.documents import HTML, URL, machine, said, tracker

MACHINE = machine(("glibc", "2.36-9"), ("openssl", "3.0.11-1"), ("own-thing", "1"))


def read(packages: dict[str, dict[str, Any]], *, of: Installed = MACHINE, suite: str = "bookworm") -> Entries:
    return parse_debian(tracker(packages), installed=of, suite=suite, url=URL)


def test_what_the_machine_is_exposed_to_is_told_and_nothing_else() -> None:
    entries = read(
        {
            "glibc": {
                "CVE-2024-0001": said("resolved", "2.36-9+deb12u1", urgency="high"),
                "CVE-2024-0002": said("resolved", "2.36-8"),
                "CVE-2024-0003": said("open"),
                "CVE-2024-0004": said("open", urgency="unimportant"),
                "TEMP-0000000-5D4a3F": said("open"),
            },
            "openssl": {"CVE-2024-0001": said("open"), "CVE-2024-0005": said("resolved", "0")},
            "not-here": {"CVE-2024-0009": said("open")},
        }
    )
    assert entries.notes == ()
    assert {each.id: [(e.package, e.fixed) for e in each.exposures] for each in entries.accounts} == {
        "CVE-2024-0001": [("glibc", "2.36-9+deb12u1"), ("openssl", "")],
        "CVE-2024-0003": [("glibc", "")],
        "TEMP-0000000-5D4a3F": [("glibc", "")],
    }
    first = entries.accounts[0]
    assert (first.source, first.description) == ("debian", "It breaks.")
    assert first.references == ("https://security-tracker.debian.org/tracker/CVE-2024-0001",)


def test_a_machine_that_is_exposed_to_nothing_is_no_error() -> None:
    assert read({"glibc": {"CVE-2024-0001": said("resolved", "0")}}) == Entries((), ())


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the answer is empty"),
        (HTML, "HTML page, not the security tracker"),
        (b"{}", "has no package, which cannot be"),
        (b"[]", "Expected `object`, got `array`"),
        (tracker({"glibc": {"CVE-2024-0001": said("open")}})[:-5], "is cut short"),
        (tracker({"not-here": {}}), "knows none of the 3 source packages that are installed"),
        (tracker({"glibc": {}}), "says nothing of the release 'bookworm', but of none at all"),
        (
            tracker({"glibc": {"CVE-2024-0001": said("open", suite="trixie")}}),
            "says nothing of the release 'bookworm', but of trixie",
        ),
    ],
)
def test_what_says_nothing_of_this_machine_is_no_good_news(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        parse_debian(body, installed=MACHINE, suite="bookworm", url=URL)


def test_a_few_ill_formed_entries_are_left_out_and_told() -> None:
    bad: dict[str, Any] = {
        "cve 1": said("open"),
        "CVE-2024-0002": said("mended"),
        "CVE-2024-0003": said("resolved"),
        "CVE-2024-0004": {"releases": [1]},
    }
    good: dict[str, Any] = {"CVE-2024-0001": said("open")}
    ill_formed: Any = [1]
    entries = read({"glibc": {**bad, **good}, "openssl": ill_formed})
    assert [each.id for each in entries.accounts] == ["CVE-2024-0001"]
    assert len(entries.notes) == 5
    assert entries.notes[1] == "one entry was left out, glibc CVE-2024-0002: the status 'mended' is not known"
    with pytest.raises(SourceError, match="more than 5 entries are not as we know them, such as glibc"):
        read({"glibc": {**bad, **good, "CVE-2024-0006": 1, "CVE-2024-0007": 1}})


def test_names_of_a_stranger_do_not_fill_an_error() -> None:
    long = "x" * 100_000
    with pytest.raises(SourceError, match=r"but of x{59}…\. Name the one") as refused:
        read({"glibc": {"CVE-2024-0001": said("open", suite=long)}})
    assert len(str(refused.value)) < 400
    entries = read({"glibc": {long: said("open"), "CVE-2024-0001": said("open")}})
    assert len(entries.notes[0]) < 200
    with pytest.raises(SourceError, match="more than 5 entries") as refused:
        read({"glibc": {f"{long}{n}": said("open") for n in range(9)}})
    assert len(str(refused.value)) < 400


def test_what_is_said_of_packages_that_are_not_here_is_not_looked_at() -> None:
    packages: dict[str, dict[str, Any]] = {
        "glibc": {"CVE-2024-0001": said("open")},
        "not-here": {"anything": [1, 2]},
    }
    assert len(read(packages).accounts) == 1


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="dpkg is missing")
async def test_this_machine_is_judged_as_its_own_dpkg_counts() -> None:
    """A tracker made of what is really installed, in which each fourth package is something else."""
    installed = await installed_packages()
    assert len(installed.packages) > 20
    suite = installed.suite or "bookworm"
    packages: dict[str, dict[str, Any]] = {}
    expected: dict[str, str] = {}
    for number, package in enumerate(installed.packages):
        name = f"CVE-2026-{1000 + number}"
        later, earlier = f"{package.version}+deb99u1", f"{package.version}~"
        assert is_older(package.version, later)
        what = [("resolved", later), ("resolved", earlier), ("open", None), ("resolved", "0")][number % 4]
        packages.setdefault(package.name, {})[name] = said(*what, suite=suite)
        # some packages are here in several versions, each of which counts
        here = [each.version for each in installed.packages if each.name == package.name]
        fixed = what[1] or ""
        if not fixed or (fixed != "0" and any(is_older(version, fixed) for version in here)):
            expected[name] = fixed
    assert len(json.dumps(packages)) > 5_000
    accounts = read(packages, of=installed, suite=suite).accounts
    assert {each.id: each.exposures[0].fixed for each in accounts} == expected
    assert len(installed.packages) / 2 < len(expected) + 2 < len(installed.packages)
    for account in accounts:
        (exposure,) = account.exposures
        listed = {
            name for each in installed.packages for name in each.binaries if each.name == exposure.package
        }
        assert exposure.binaries
        assert set(exposure.binaries) <= listed
    # nothing was upgraded since
    exposures = [exposure for account in accounts for exposure in account.exposures]
    assert still_exposed(exposures, installed) == tuple(exposures)
