import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients._trust import (
    Check,
    Trust,
    checks_of,
    format_fingerprint,
    parse_fingerprint,
    words_of_distrust,
    words_of_failure,
)
from doorward.core.errors import TlsFailed
from tests.certificates import Written

A, B = b"certificate A", b"certificate B"
DIGITS = "0123456789abcdef" * 4
CA = Path("ca.pem")


@pytest.mark.parametrize(
    ("trust", "host", "checks"),
    [
        (Trust(), "example.org", [Check.BY_AUTHORITIES]),
        (Trust(), "127.0.0.1", [Check.BY_AUTHORITIES]),
        (Trust(own=(A,)), "localhost", [Check.BY_ITSELF, Check.BY_AUTHORITIES]),
        (Trust(own=(A,)), "::1", [Check.BY_ITSELF, Check.BY_AUTHORITIES]),
        (Trust(own=(A,)), "example.org", [Check.BY_AUTHORITIES, Check.BY_ITSELF]),
        (Trust(authorities=CA), "localhost", [Check.BY_AUTHORITIES]),
        (Trust(authorities=CA, own=(A,)), "localhost", [Check.BY_AUTHORITIES]),
        (Trust(fingerprint=DIGITS), "example.org", [Check.BY_ITSELF]),
        (Trust(fingerprint=DIGITS, authorities=CA, own=(A,)), "example.org", [Check.BY_ITSELF]),
    ],
)
def test_whose_word_counts_follows_from_what_was_named(trust: Trust, host: str, checks: list[Check]) -> None:
    assert list(checks_of(trust, host)) == checks


def test_a_fingerprint_lets_in_its_certificate_and_no_other() -> None:
    trust = Trust(fingerprint=parse_fingerprint(format_fingerprint(A)), own=(B,))
    assert trust.is_exactly_trusted(A)
    assert not trust.is_exactly_trusted(B)
    assert not trust.is_exactly_trusted(None)


def test_own_certificates_are_known_unless_somebody_else_was_named() -> None:
    assert Trust(own=(A, B)).is_exactly_trusted(B)
    assert not Trust(own=(A,)).is_exactly_trusted(B)
    assert not Trust(own=(A,), authorities=CA).is_exactly_trusted(A)
    assert not Trust().is_exactly_trusted(A)
    assert not Trust().is_exactly_trusted(b"")


@given(st.binary(max_size=100))
def test_a_fingerprint_that_was_shown_can_be_typed(certificate: bytes) -> None:
    shown = format_fingerprint(certificate)
    assert Trust(fingerprint=parse_fingerprint(shown)).is_exactly_trusted(certificate)


def test_a_fingerprint_of_ssh_means_the_same_digits() -> None:
    shown = base64.b64encode(bytes.fromhex(DIGITS)).decode().rstrip("=")
    assert parse_fingerprint(f"SHA256:{shown}") == DIGITS


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        DIGITS.upper(),
        f"SHA256:{DIGITS}",
        f"sha256:{DIGITS}",
        f"sha-256:{DIGITS}",
        f"sha256 Fingerprint={DIGITS}",
        f"SHA256 Fingerprint={DIGITS}\n",
        "SHA256:" + ":".join(DIGITS[at : at + 2] for at in range(0, 64, 2)).upper(),
    ],
)
def test_a_fingerprint_is_read_however_tools_write_it(text: str) -> None:
    assert parse_fingerprint(text) == DIGITS


@pytest.mark.parametrize(
    "text", ["", ":", DIGITS[:-1], DIGITS + "0", "g" * 64, f"sha1:{DIGITS}", f"SHA256:{DIGITS} x", "é" * 64]
)
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        parse_fingerprint(text)


@given(st.text(max_size=80))
def test_only_a_value_error_escapes_from_any_text(text: str) -> None:
    try:
        assert len(parse_fingerprint(text)) == 64
    except ValueError:
        assert not set(text.strip().lower()) <= set("0123456789abcdef") or len(text.strip()) != 64


@pytest.mark.needs_program("openssl", package="openssl")
def test_what_openssl_prints_is_read(localhost: Written) -> None:
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(localhost.file)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert parse_fingerprint(printed) == localhost.fingerprint
    assert format_fingerprint(localhost.der).removeprefix("SHA256:") in printed


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (18, "self-signed, and not one of the authorities of this system"),
        (19, "none of the authorities of this system vouches"),
        (20, "none of the authorities of this system vouches"),
        (9, "not valid yet"),
        (10, "has expired"),
        (62, "for another name: what OpenSSL says"),
        (64, "for another name: what OpenSSL says"),
        (24, "not trusted: what OpenSSL says"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_with_the_option_that_trusts_it(
    code: int, problem: str
) -> None:
    failed = TlsFailed("what OpenSSL says", verify_code=code)
    told, step = words_of_distrust(Trust(), failed, A)
    assert problem in told
    assert f"--fingerprint {format_fingerprint(A)}" in step
    assert "uncompared" in step
    assert "--fingerprint" not in words_of_distrust(Trust(), failed, None)[1]


def test_the_file_that_was_named_is_named() -> None:
    failed = TlsFailed("x", verify_code=20)
    assert "none of those of ca.pem vouches" in words_of_distrust(Trust(authorities=CA), failed, A)[0]


def test_another_fingerprint_is_shown_and_not_offered() -> None:
    told, step = words_of_distrust(Trust(fingerprint=DIGITS), None, A)
    assert format_fingerprint(A) in told
    assert "--fingerprint" not in told + step


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "--client-certificate"),
        ("TLSV1_ALERT_UNKNOWN_CA", "the server does not know this client certificate"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "refused the certificate that was shown"),
        ("UNSUPPORTED_PROTOCOL", "no TLS that is safe enough"),
        ("BAD_RECORD_TYPE", "TLS failed: reason"),
    ],
)
def test_what_else_fails_is_told(code: str, told: str) -> None:
    assert told in " ".join(words_of_failure(TlsFailed("reason", code=code)))
