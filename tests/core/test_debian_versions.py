"""Versions of Debian packages, beside dpkg itself."""

import itertools
import random
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.debian_versions import is_older, version_key
from tests.plugins.soak import IS_SOAK

dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is missing")

IN_ORDER = (
    ["0~~", "0~", "0", "0+", "0.~", "0.0", "0.0.0", "0.1~rc1", "0.1~rc2", "0.1", "0.1a", "0.1a1", "0.1b"],
    ["1.0~rc1-1", "1.0-1~bpo12+1", "1.0-1", "1.0-1+b1", "1.0-1+deb12u1", "1.0-1.1", "1.0-2", "1.0-10"],
    ["2", "2-0.1", "1:1", "1:1.0", "2:0", "10:0"],
    ["1.2.3-1", "1.2.3A-1", "1.2.3B-1", "1.2.3a-1", "1.2.3+dfsg-1", "1.2.3-0-1", "1.2.3.4-1"],
    ["9.9", "09.10", "9.100"],
    ["0:2.36-9", "2.36-9+deb12u4", "2.36-9+deb12u10", "2.36-10"],
)
EQUAL = (
    ("0", "00", "0-0", "0:0", "00:0", "0-00"),
    ("1.0", "1.00", "1.", "0:1.0", "1.0-0"),
    ("1.0-1", "0:1.0-01", "1.00-1"),
    ("1.0-1a", "1.0-1a0", "1.0-1a00"),
)
ILL_FORMED = ("", " ", "1 2", "a:1", ":1", "-1", "1-", "1:", "1_2", "1\n", "1.0-1/2", "é", "-1:1", "+:1")


@pytest.mark.parametrize("versions", IN_ORDER)
def test_versions_come_in_the_order_of_dpkg(versions: list[str]) -> None:
    shuffled = random.Random(7).sample(versions, len(versions))
    assert sorted(shuffled, key=version_key) == versions
    assert all(is_older(a, b) and not is_older(b, a) for a, b in itertools.combinations(versions, 2))


@pytest.mark.parametrize("versions", EQUAL)
def test_versions_that_are_written_differently_are_the_same(versions: tuple[str, ...]) -> None:
    assert len({version_key(each) for each in versions}) == 1


@pytest.mark.parametrize("version", ILL_FORMED)
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match=r"no version|no number"):
        version_key(version)


def test_a_number_of_any_length_is_compared() -> None:
    nines = "9" * 100_000
    assert is_older(nines, f"1{'0' * 100_000}")
    assert is_older(f"1.{nines}", f"1.{nines}.0")


def check_beside_dpkg(a: str, b: str) -> None:
    """Compare two versions as dpkg does; it takes some that we refuse, and complains of them."""
    run = subprocess.run(
        ["dpkg", "--compare-versions", a, "lt", b], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    try:
        ours = is_older(a, b)
    except ValueError:
        assert run.stderr, (a, b)
    else:
        assert ours == (run.returncode == 0), (a, b)


parts = st.lists(
    st.sampled_from(
        ["0", "00", "1", "9", "10", "~", "~~", "+", ".", "-", ":", "a", "b", "Z", "rc", "deb12u"]
    ),
    max_size=7,
).map(lambda pieces: "".join(["0", *pieces]))


@dpkg
@given(parts, parts)
def test_any_two_versions_compare_as_for_dpkg(a: str, b: str) -> None:
    check_beside_dpkg(a, b)


@dpkg
def test_all_that_is_installed_compares_as_for_dpkg() -> None:
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version}\n"], capture_output=True, text=True, check=True
    )
    versions = sorted(set(listed.stdout.split()))
    assert len(versions) > 50
    in_order = sorted(versions, key=version_key)
    seeded = random.Random(12)
    # neighbours are what a wrong rule confuses first
    near = list(itertools.pairwise(in_order))
    pairs = near if IS_SOAK else seeded.sample(near, 40)
    pairs += [(seeded.choice(versions), seeded.choice(versions)) for _ in range(40)]
    for a, b in pairs:
        check_beside_dpkg(a, b)
