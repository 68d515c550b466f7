"""Whether an installed package is vulnerable."""

import pytest

from doorward.core.installed import Installed, SourcePackage
from doorward.core.vulnerabilities import Exposure
from doorward.errands.cve.exposing import Release, exposure_of, still_exposed
from tests.errands.cve.documents import machine


def package(version: str, *binaries: str) -> SourcePackage:
    return SourcePackage(name="glibc", version=version, binaries=binaries or ("libc6",))


def exposed(version: str, *, sid: Release | None = None, **said: str) -> Exposure | None:
    releases = {"bookworm": Release(**said)} | ({"sid": sid} if sid is not None else {})
    return exposure_of([package(version)], releases, suite="bookworm")


@pytest.mark.parametrize(
    ("version", "fixed", "is_exposed"),
    [
        ("2.36-9", "2.36-9+deb12u1", True),
        ("2.36-9+deb12u1", "2.36-9+deb12u1", False),
        ("2.36-9+deb12u10", "2.36-9+deb12u9", False),
        ("2.36~rc1-1", "2.36-1", True),
        ("2.36-9", "1:1.0-1", True),
        ("2.36-9", "0", False),
    ],
)
def test_what_is_resolved_is_missed_by_what_is_older(version: str, fixed: str, *, is_exposed: bool) -> None:
    found = exposed(version, status="resolved", fixed_version=fixed, urgency="low")
    expected = Exposure(
        package="glibc", binaries=("libc6",), installed=version, fixed=fixed, urgency="low", suite="bookworm"
    )
    assert found == (expected if is_exposed else None)


def test_what_is_open_has_no_version_to_take() -> None:
    found = exposed("2.36-9", status="open", urgency="not yet assigned")
    assert found is not None
    assert (found.fixed, found.has_fix, found.urgency) == ("", False, "not yet assigned")
    # another version than the suite's is named beside an open status at times: it mends nothing
    noted = exposed("2.36-9", status="open", fixed_version="2.37-1")
    assert noted is not None
    assert noted.fixed == ""


def test_the_words_of_a_stranger_are_plain_and_short() -> None:
    found = exposed("1", status="open", urgency="low\x1b[31m\n" + "x" * 999)
    assert found is not None
    assert found.urgency.startswith("low[31m xxx")
    assert len(found.urgency) == 60
    with pytest.raises(ValueError, match="in no version that could be one"):
        exposed("1", status="resolved", fixed_version="9" * 999)


def test_what_is_undetermined_is_told_as_that() -> None:
    found = exposed("2.36-9", status="undetermined")
    assert found is not None
    assert found.urgency == "undetermined"


@pytest.mark.parametrize("status", ["open", "resolved", "undetermined"])
def test_what_has_no_effect_is_no_exposure(status: str) -> None:
    assert exposed("1.0-1", status=status, fixed_version="2.0-1", urgency="unimportant") is None


def test_a_release_that_is_not_spoken_of_is_not_known_to_be_vulnerable() -> None:
    assert exposure_of([package("1")], {"sid": Release(status="open")}, suite="bookworm") is None


@pytest.mark.parametrize(
    ("sid", "is_exposed"),
    [
        (Release(status="resolved", fixed_version="2.37-1"), True),
        (Release(status="resolved", fixed_version="2.36-9"), False),
        (Release(status="resolved", fixed_version="0"), False),
        (Release(status="resolved"), True),
        (Release(status="open", fixed_version="1"), True),
        (None, True),
    ],
)
def test_a_backport_as_new_as_the_fix_in_sid_has_it(sid: Release | None, *, is_exposed: bool) -> None:
    assert (exposed("2.36-9", sid=sid, status="open") is not None) is is_exposed


@pytest.mark.parametrize(
    "release",
    [
        Release(status="fixed"),
        Release(status="resolved"),
        Release(status="resolved", fixed_version="no version"),
    ],
)
def test_what_cannot_be_judged_is_an_error(release: Release) -> None:
    with pytest.raises(ValueError, match=r"not known|in no version|no version of a package"):
        exposure_of([package("1")], {"bookworm": release}, suite="bookworm")


def test_of_several_versions_the_oldest_vulnerable_one_is_told() -> None:
    packages = [package("6.1.9-1", "b"), package("6.1.10-1", "c"), package("6.1.12-1", "d")]
    releases = {"bookworm": Release(status="resolved", fixed_version="6.1.12-1")}
    found = exposure_of(packages, releases, suite="bookworm")
    assert found is not None
    assert (found.installed, found.binaries) == ("6.1.9-1", ("b", "c"))


def noted(name: str, version: str, fixed: str = "") -> Exposure:
    return Exposure(
        package=name,
        binaries=(f"{name}-bin",),
        installed=version,
        fixed=fixed,
        urgency="low",
        suite="bookworm",
    )


def test_what_was_upgraded_or_removed_is_exposed_no_longer() -> None:
    exposures = [
        noted("a", "1", "2"),
        noted("b", "1", "2"),
        noted("c", "1"),
        noted("d", "1", "3"),
        noted("e", "1"),
    ]
    now = machine(("a", "2"), ("b", "1"), ("c", "1.5"), ("d", "2"))
    assert still_exposed(exposures, now) == (noted("b", "1", "2"), noted("c", "1.5"), noted("d", "2", "3"))
    assert still_exposed(exposures, Installed(suite="", packages=())) == ()


def test_an_exposure_that_cannot_be_judged_again_stays() -> None:
    odd = noted("a", "1", "no version")
    assert still_exposed([odd], machine(("a", "2"))) == (odd,)
