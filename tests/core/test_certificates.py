"""What a certificate says of itself, read by us as another library reads it."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.certificates import (
    certificates_in,
    fingerprint_of,
    holds_private_key,
    is_pem,
    pem_of,
    read_certificate,
    sole_certificate,
)
from tests.made_certificates import NOW, Made, make_certificate

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def alice() -> Made:
    return make_certificate("alice", begins=NOW - DAY, ends=NOW + DAY)


def test_names_dates_and_fingerprint_are_those_that_another_library_reads() -> None:
    names = ("example.org", "*.example.org", "192.0.2.7", "2001:db8::7", "alice@example.org")
    made = make_certificate("ignored beside the others", names=names)
    (found,) = certificates_in(made.pem)
    assert found.names == names
    assert found.der == made.der
    assert found.not_before == made.certificate.not_valid_before_utc
    assert found.not_after == made.certificate.not_valid_after_utc
    assert bytes.fromhex(found.fingerprint.replace(":", "")) == made.certificate.fingerprint(SHA256())


@pytest.mark.parametrize("name", ["alice", "Zoë Ω", "a" * 64])
def test_without_other_names_the_common_name_counts(name: str) -> None:
    assert read_certificate(make_certificate(name).der).names == (name,)


@pytest.mark.parametrize("year", [1951, 1999, 2000, 2049, 2050, 9999])
def test_the_dates_of_every_century_are_read(year: int) -> None:
    begins = datetime(1950, 1, 1, tzinfo=UTC)
    found = read_certificate(
        make_certificate(begins=begins, ends=datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)).der
    )
    assert (found.not_before, found.not_after.year) == (begins, year)


def test_it_counts_between_its_dates(alice: Made) -> None:
    found = read_certificate(alice.der)
    assert found.flaw_at(NOW.timestamp()) == ""
    assert found.flaw_at((NOW - 2 * DAY).timestamp()) == "it counts only from 2030-06-14 12:00 UTC on"
    assert found.flaw_at((NOW + 2 * DAY).timestamp()) == "it ended on 2030-06-16 12:00 UTC"
    assert [found.days_left_at((NOW + each * DAY).timestamp()) for each in (0, 1, 2)] == [1, 0, -1]


def test_what_is_shown_of_it_is_one_short_line_whatever_its_names_are() -> None:
    evil = str(read_certificate(make_certificate("x\x1b[2J\nalice\u202e").der))
    assert evil.startswith("for x\\x1b[2J\\nalice\\u202e, until ")
    many = str(read_certificate(make_certificate(names=tuple(f"{n}.example" for n in range(100))).der))
    assert "7.example, 92 more, until " in many
    assert len(many) < 300


def test_several_come_in_their_order_and_keys_are_passed_over(alice: Made) -> None:
    bob = make_certificate("bob")
    found = certificates_in(f"a comment\n{alice.pem}{alice.key_pem}{bob.pem}")
    assert [each.names for each in found] == [("alice",), ("bob",)]


def test_what_is_written_in_pem_is_what_is_read(alice: Made) -> None:
    assert pem_of(alice.der) == alice.pem
    assert [each.der for each in certificates_in(pem_of(alice.der))] == [alice.der]


def test_a_user_has_one_certificate_and_keeps_the_key(alice: Made) -> None:
    assert sole_certificate(alice.pem).der == alice.der
    for text, reason in (
        ("", "there is no certificate"),
        (alice.pem * 2, "there are 2 certificates"),
        (alice.pem + alice.key_pem, "a private key stands there"),
    ):
        with pytest.raises(ValueError, match=reason):
            sole_certificate(text)


def test_pem_and_private_keys_are_known_even_when_they_are_cut(alice: Made) -> None:
    assert is_pem(alice.pem[:40])
    assert not is_pem("alice.pem")
    assert holds_private_key(alice.key_pem[:40])
    assert not holds_private_key(alice.pem)


def test_every_cut_of_a_certificate_is_told(alice: Made) -> None:
    for length in range(len(alice.der)):
        with pytest.raises(ValueError, match="certificate"):
            read_certificate(alice.der[:length])
    # without the last LF it is whole
    for length in range(len("-----BEGIN "), len(alice.pem) - 1):
        with pytest.raises(ValueError, match="cut"):
            certificates_in(alice.pem[:length])


def test_what_follows_a_certificate_in_its_block_is_told(alice: Made) -> None:
    with pytest.raises(ValueError, match="something follows"):
        read_certificate(alice.der + b"\0")


@given(at=st.integers(min_value=0), value=st.integers(0, 255))
def test_any_other_byte_ends_in_a_certificate_or_in_a_value_error(alice: Made, at: int, value: int) -> None:
    changed = bytearray(alice.der)
    changed[at % len(changed)] = value
    _read_or_not(bytes(changed))


@given(st.binary(max_size=64))
def test_any_bytes_end_in_a_certificate_or_in_a_value_error(data: bytes) -> None:
    _read_or_not(data)
    _read_or_not(b"\x30\x82" + len(data).to_bytes(2, "big") + data)


def _read_or_not(data: bytes) -> None:
    try:
        found = read_certificate(data)
    except ValueError:
        return
    assert found.fingerprint == fingerprint_of(data)


@given(
    st.lists(
        st.sampled_from(["-----BEGIN ", "CERTIFICATE", "-----", "-----END ", "\n", "MA==", "é", "X509 "]),
        max_size=12,
    ).map("".join)
)
def test_any_text_ends_in_certificates_or_in_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert certificates_in(text) == ()


def test_a_text_full_of_beginnings_is_read_in_one_way_through() -> None:
    with pytest.raises(ValueError, match="cut"):
        certificates_in("-----BEGIN CERTIFICATE-----" * 100_000)
