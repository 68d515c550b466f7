"""What follows from what a certificate says of itself."""

import subprocess
from datetime import timedelta

import pytest

from doorward.core.certificates import Certificate, fingerprint_of
from tests.certificates import DAY, NOW, make_certificate


def certificate(*names: str) -> Certificate:
    return Certificate(der=b"", names=names, not_before=NOW - DAY, not_after=NOW + DAY)


def test_it_counts_between_its_dates() -> None:
    found = certificate()
    assert found.flaw_at(NOW.timestamp()) == ""
    assert found.flaw_at((NOW - 2 * DAY).timestamp()) == "it counts only from 2030-06-14 12:00 UTC on"
    assert found.flaw_at((NOW + 2 * DAY).timestamp()) == "it ended on 2030-06-16 12:00 UTC"


@pytest.mark.parametrize(("later", "days"), [(timedelta(), 1), (DAY, 0), (DAY + timedelta(seconds=1), -1)])
def test_the_days_that_are_left_are_whole_ones(later: timedelta, days: int) -> None:
    assert certificate().days_left_at((NOW + later).timestamp()) == days


def test_what_is_shown_of_it_is_one_short_line_whatever_its_names_are() -> None:
    evil = str(certificate("x\x1b[2J\nalice\u202e", "y" * 100_000))
    assert evil.startswith("for x\\x1b[2J\\nalice\\u202e, yyy")
    many = str(certificate(*(f"{n}.example" for n in range(100))))
    assert "7.example, 92 more, until 2030-06-16 12:00 UTC, SHA-256 " in many
    assert max(len(evil), len(many)) < 300
    assert str(certificate()).startswith("for nobody, until ")


@pytest.mark.needs_program("openssl", package="openssl")
def test_its_fingerprint_is_the_one_that_openssl_prints() -> None:
    made = make_certificate()
    found = Certificate(der=made.der, names=("alice",), not_before=NOW - DAY, not_after=NOW + DAY)
    words = ["openssl", "x509", "-noout", "-fingerprint", "-sha256"]
    run = subprocess.run(words, input=made.pem, capture_output=True, text=True, check=True)
    assert run.stdout.strip().partition("=")[2] == fingerprint_of(made.der)
    assert str(found) == f"for alice, until 2030-06-16 12:00 UTC, SHA-256 {found.fingerprint}"
