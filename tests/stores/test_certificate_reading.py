"""What is read out of PEM and DER; whatever stands there, the one error is ours."""

import contextlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import CertificateError
from doorward.stores.certificate_reading import (
    certificate_of,
    certificates_in,
    private_key_in,
    sole_certificate,
    subject_and_issuer,
)
from tests.certificates import DAY, NOW, Made, made_with_bad_letters, make_certificate

FILE = "/etc/a file.pem"

# certificates that RFC 5280 disallows bring warnings of the library along, and no errors
pytestmark = [
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),
    pytest.mark.filterwarnings("ignore:Attribute's length"),
]


@pytest.fixture(scope="module")
def alice() -> Made:
    names = ("alice.example", "192.0.2.7", "alice@example.org")
    return make_certificate("alice", names=names, begins=NOW - DAY, ends=NOW + DAY)


# Certificates


def test_names_dates_and_bytes_are_read() -> None:
    names = ("example.org", "*.example.org", "192.0.2.7", "2001:db8::7", "alice@example.org")
    made = make_certificate("ignored beside the others", names=names, begins=NOW - DAY, ends=NOW + DAY)
    (found,) = certificates_in(made.pem.encode(), file=FILE)
    assert (found.names, found.der) == (names, made.der)
    assert (found.not_before, found.not_after) == (NOW - DAY, NOW + DAY)
    assert certificate_of(made.der, file=FILE) == found


@pytest.mark.parametrize("name", ["alice", "Zoë Ω", "a" * 64, "x\x1b[2J\nalice"])
def test_without_other_names_the_common_name_counts(name: str) -> None:
    assert certificate_of(make_certificate(name).der, file=FILE).names == (name,)


def test_one_may_be_for_nobody() -> None:
    made = make_certificate()
    nobody = x509.CertificateBuilder(
        issuer_name=x509.Name([]),
        subject_name=x509.Name([]),
        public_key=made.private_key.public_key(),
        serial_number=1,
        not_valid_before=NOW,
        not_valid_after=NOW + DAY,
    ).sign(made.private_key, SHA256())
    assert certificate_of(nobody.public_bytes(Encoding.DER), file=FILE).names == ()


def test_a_user_s_certificate_that_openssl_refuses_is_refused_where_it_is_read() -> None:
    der = made_with_bad_letters()
    pem = ssl.DER_cert_to_PEM_cert(der).encode()
    assert certificates_in(pem, file=FILE)[0].names == ("robot",)
    with pytest.raises(CertificateError, match="the TLS library refuses it"):
        sole_certificate(pem, file=FILE)
    with pytest.raises(CertificateError, match="the TLS library refuses it"):
        certificate_of(der, file=FILE)


def test_whose_a_certificate_is_and_who_vouches_for_it_is_told_as_far_as_it_can_be_read(alice: Made) -> None:
    signed = make_certificate("bob, of example", signer=alice)
    assert subject_and_issuer(signed.der) == ("CN=bob\\, of example", "CN=alice")
    assert subject_and_issuer(made_with_bad_letters()) == ("(unreadable)", "(unreadable)")
    assert subject_and_issuer(b"no certificate") == ("(unreadable)", "(unreadable)")


@pytest.mark.parametrize("year", [1951, 1999, 2000, 2049, 2050, 9999])
def test_the_dates_of_every_century_are_read(year: int) -> None:
    begins, ends = datetime(1950, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    found = certificate_of(make_certificate(begins=begins, ends=ends).der, file=FILE)
    assert (found.not_before, found.not_after) == (begins, ends)


def test_several_come_in_their_order_and_keys_are_passed_over(alice: Made) -> None:
    bob = make_certificate("bob")
    found = certificates_in(f"a comment, é\r\n{alice.pem}{alice.key_pem}{bob.pem}".encode(), file=FILE)
    assert [each.der for each in found] == [alice.der, bob.der]


def test_a_user_has_one_certificate_and_keeps_the_key(alice: Made) -> None:
    assert sole_certificate(alice.pem.encode(), file=FILE).der == alice.der
    for text, reason in (
        ("", "there is no certificate in PEM in it"),
        (alice.pem * 2, "there are 2 certificates in it, and a user has one"),
        (alice.pem + alice.key_pem, "a private key stands there, which only its owner may have; put"),
        (alice.pem + alice.key_pem[:40], "a private key stands there, which only its owner may have; put"),
    ):
        with pytest.raises(CertificateError) as caught:
            sole_certificate(text.encode(), file=FILE)
        assert str(caught.value).startswith(f"{FILE}: {reason}")


def test_every_cut_of_a_certificate_is_told(alice: Made) -> None:
    for length in range(len(alice.der)):
        with pytest.raises(CertificateError, match="cannot be read"):
            certificate_of(alice.der[:length], file=FILE)


def test_a_cut_of_the_last_of_several_is_told(alice: Made) -> None:
    # the library takes what is whole, and says nothing of the rest
    bob = make_certificate("bob").pem
    for length in range(len("-----BEGIN CERTIFICATE-----"), len(bob) - 1):
        with pytest.raises(CertificateError, match="is cut"):
            certificates_in((alice.pem + bob[:length]).encode(), file=FILE)


def test_what_follows_a_certificate_in_its_block_is_told(alice: Made) -> None:
    for der in (alice.der + b"\0", alice.der * 2):
        with pytest.raises(CertificateError, match="cannot be read"):
            sole_certificate(ssl.DER_cert_to_PEM_cert(der).encode(), file=FILE)


# an unknown version, an extension that stands twice, and a name of a kind that nobody uses
@pytest.mark.parametrize(
    "change",
    [
        lambda der: der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1),
        lambda der: der.replace(b"\x55\x1d\x13", b"\x55\x1d\x11", 1),
        lambda der: der.replace(b"\x82\x0dalice", b"\xa3\x0dalice", 1),
    ],
    ids=["version", "extension", "kind of name"],
)
def test_what_the_library_tells_in_other_errors_is_told_in_ours(
    alice: Made, change: Callable[[bytes], bytes]
) -> None:
    der = change(alice.der)
    assert der != alice.der
    with pytest.raises(CertificateError, match="cannot be read"):
        certificate_of(der, file=FILE)


@given(at=st.integers(min_value=0), value=st.integers(0, 255))
def test_any_other_byte_ends_in_a_certificate_or_in_our_error(alice: Made, at: int, value: int) -> None:
    changed = bytearray(alice.der)
    changed[at % len(changed)] = value
    _read_or_not(bytes(changed))


@given(st.binary(max_size=64))
def test_any_bytes_end_in_a_certificate_or_in_our_error(data: bytes) -> None:
    _read_or_not(data)
    _read_or_not(b"\x30\x82" + len(data).to_bytes(2, "big") + data)


def _read_or_not(der: bytes) -> None:
    with contextlib.suppress(CertificateError):
        # whoever shows a certificate is known by its very bytes
        assert certificate_of(der, file=FILE).der == der
        (found,) = certificates_in(ssl.DER_cert_to_PEM_cert(der).encode(), file=FILE)
        assert found.der == der


@given(
    st.lists(
        st.sampled_from(
            ["-----BEGIN ", "CERTIFICATE", "PRIVATE KEY", "-----", "-----END ", "\n", "MA==", "é", "X509 "]
        )
        | st.text(max_size=4),
        max_size=12,
    ).map("".join)
)
def test_any_text_ends_in_our_error(text: str) -> None:
    pem = text.encode()
    for read in (certificates_in, sole_certificate, private_key_in):
        with pytest.raises(CertificateError):
            read(pem, file=FILE)


def test_a_text_full_of_beginnings_is_read_in_one_way_through() -> None:
    with pytest.raises(CertificateError, match="cannot be read"):
        certificates_in(b"-----BEGIN CERTIFICATE-----\n" * 100_000, file=FILE)


# Keys


@pytest.mark.parametrize("is_rsa", [True, False])
@pytest.mark.parametrize("format_", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_is_read_in_every_format_beside_whatever_stands_there(
    format_: PrivateFormat, *, is_rsa: bool
) -> None:
    made = make_certificate(private_key=rsa.generate_private_key(65537, 2048) if is_rsa else None)
    key = made.private_key.private_bytes(Encoding.PEM, format_, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    for pem in (key, parameters + key, made.pem.encode() + key, key + made.pem.encode()):
        assert private_key_in(pem, file=FILE).public_key() == made.private_key.public_key()
    with pytest.raises(CertificateError) as caught:
        private_key_in(made.encrypted_key_pem(format_).encode(), file=FILE)
    assert str(caught.value) == (
        f"{FILE}: the private key is encrypted, and nobody is there to type its password; "
        f"decrypt it into a file of mode 0600: openssl pkey -in '{FILE}' -out NEW"
    )


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_key_of_openssh_is_told(alice: Made, *, is_whole: bool) -> None:
    whole = alice.private_key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    pem = whole if is_whole else whole[:100]
    with pytest.raises(CertificateError, match="this is a private key of OpenSSH, which TLS does not know"):
        private_key_in(pem, file=FILE)


def test_nothing_of_a_key_that_is_cut_is_told(alice: Made) -> None:
    secret = alice.key_pem.splitlines()[1]
    for length in range(0, len(alice.key_pem) - 1, 7):
        with pytest.raises(CertificateError, match="can be read; put all of it") as caught:
            private_key_in(alice.key_pem[:length].encode(), file=FILE)
        assert secret[:8] not in str(caught.value)


@given(at=st.integers(min_value=0), character=st.characters(max_codepoint=255))
def test_any_other_character_ends_in_a_key_or_in_our_error(alice: Made, at: int, character: str) -> None:
    changed = list(alice.key_pem)
    changed[at % len(changed)] = character
    with contextlib.suppress(CertificateError):
        private_key_in("".join(changed).encode(), file=FILE)
