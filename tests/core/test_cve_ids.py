"""What vulnerabilities may be called, and which names are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.cve_ids import canonical_id, cve_number, id_said, is_called, is_id, key_of_id


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CVE-2024-3094", 2024_000000003094),
        ("cve-2024-3094", 2024_000000003094),
        ("CVE-2024-0001", 2024_000000000001),
        ("CVE-2024-10000", 2024_000000010000),
        ("CVE-2024-999999999999", 2024_999999999999),
        ("CVE-2024-01", None),
        ("CVE-2024-01000", None),
        ("CVE-2024-1234567890123", None),
        ("CVE-24-0001", None),
        ("CVE-2024-3094 ", None),
        ("CVE-2024-3094\n", None),
        ("CVE-٢٠٢٤-3094", None),
        ("GHSA-2024-3094", None),
        ("", None),
    ],
)
def test_an_id_of_cve_has_a_number_and_nothing_else_has(text: str, number: int | None) -> None:
    assert cve_number(text) == number


@given(st.integers(0, 9999), st.integers(0, 10**12 - 1))
def test_numbers_count_as_years_and_then_as_ids_do(year: int, number: int) -> None:
    text = f"cVe-{year:04}-{number:04}"
    assert cve_number(text) == year * 10**12 + number
    assert canonical_id(text) == text.upper()
    assert is_id(text)


@given(st.text(), st.text())
def test_two_names_are_one_when_they_differ_in_capitals_alone(one: str, other: str) -> None:
    assert key_of_id(key_of_id(one)) == key_of_id(one) == key_of_id(canonical_id(one))
    if one.casefold() != other.casefold():
        assert key_of_id(one) != key_of_id(other)


@given(st.text(max_size=300))
def test_what_is_called_so_can_be_printed_and_kept(text: str) -> None:
    if is_id(text):
        assert 0 < len(text) <= 200
        assert text.encode()
        assert text.isprintable()
    assert is_id("GHSA-aaaa-bbbb")
    assert is_id("x" * 200)
    assert not is_id("x" * 201)


@pytest.mark.parametrize(
    ("word", "is_so"),
    [
        ("CVE-2021-27104", True),
        (" cve-2021-27104 ", True),
        ("2021-27104", True),
        ("27104", True),
        ("2021", False),
        ("CVE", False),
        ("CVE-2021", False),
        ("7104", False),
        ("271040", False),
        ("2022-27104", False),
        ("", False),
    ],
)
def test_a_word_says_an_id_whole_or_by_its_number(word: str, *, is_so: bool) -> None:
    assert is_called("CVE-2021-27104", word) is is_so
    assert not is_called("DSA-5800-1", word)


def test_what_is_no_id_of_cve_is_said_whole() -> None:
    assert is_called("DSA-5800-1", "dsa-5800-1 ")
    assert not is_called("DSA-5800-1", "5800")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2021-27104", "CVE-2021-27104"),
        ("CVE-2021-27104 ", "CVE-2021-27104"),
        ("\tcve-2021-27104", "CVE-2021-27104"),
        ("27104", "27104"),
        (" DSA-5800-1", "DSA-5800-1"),
    ],
)
def test_an_id_is_found_as_people_write_it(text: str, name: str) -> None:
    assert id_said(text) == name
