"""A certificate and its key: what is refused and in which words, and what then serves TLS to whom."""

import contextlib
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat

from doorward.core.errors import CertificateError
from doorward.core.settings import DoorSettings
from doorward.stores.certificates import (
    CertificatePair,
    load_door_pair,
    load_pair,
    notices_of,
    server_context,
)
from doorward.stores.own_certificate import make_own_certificate
from tests.certificates import NOW, Made, make_certificate
from tests.clients.lines.peers import listening

UID = os.geteuid()
STRANGER_UID = 65_533
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def door() -> Made:
    return make_certificate("door.example", names=("localhost", "127.0.0.1"))


@pytest.fixture(scope="module")
def alice() -> Made:
    return make_certificate("alice")


def load(files: tuple[Path, Path]) -> CertificatePair:
    certificate, key = files
    return load_pair(str(certificate), str(key), uid=UID)


def refusal(certificate: Path, key: Path | None = None) -> str:
    with pytest.raises(CertificateError) as caught:
        load_pair(str(certificate), str(key) if key else "", uid=UID)
    text = str(caught.value)
    assert "PRIVATE KEY--" not in text
    return text


# Reading


def test_a_chain_and_its_key_are_one_pair(tmp_path: Path, door: Made, alice: Made) -> None:
    certificate, key = door.written(tmp_path, "door")
    certificate.write_text(door.pem + alice.pem)
    pair = load((certificate, key))
    assert [each.der for each in pair.chain] == [door.der, alice.der]
    assert pair.own.names == ("localhost", "127.0.0.1")
    assert (pair.certificate_path, pair.key_path) == (str(certificate), str(key))
    assert door.key_pem.splitlines()[1] not in repr(pair)


@pytest.mark.parametrize("is_key_first", [True, False])
def test_key_and_certificate_may_stand_in_one_private_file(
    tmp_path: Path, door: Made, *, is_key_first: bool
) -> None:
    both = tmp_path / "both.pem"
    both.touch(mode=0o600)
    both.write_text(door.key_pem + door.pem if is_key_first else door.pem + door.key_pem)
    pair = load_pair(str(both), uid=UID)
    assert (pair.own.der, pair.key_path) == (door.der, str(both))
    both.chmod(0o644)
    assert refusal(both).endswith(
        f"others can get at the private key in it (mode 0644); type: chmod 600 {both}"
    )


def test_a_door_serves_the_pair_that_it_names_else_that_of_the_state(
    tmp_path: Path, door: Made, alice: Made
) -> None:
    certificate, key = door.written(tmp_path, "door")
    own, own_key = alice.written(tmp_path, "x")
    own.rename(tmp_path / "cert.pem")
    own_key.rename(tmp_path / "key.pem")
    named = DoorSettings(name="tls", listen=(), certificate=str(certificate), key=str(key))
    assert load_door_pair(named, tmp_path, uid=UID).own.der == door.der
    assert load_door_pair(DoorSettings(name="tls", listen=()), tmp_path, uid=UID).own.der == alice.der


def test_an_encrypted_key_is_told_and_nobody_is_asked_for_its_password(tmp_path: Path, door: Made) -> None:
    certificate, key = door.written(tmp_path, "door")
    key.write_text(door.encrypted_key_pem(PrivateFormat.PKCS8))
    assert refusal(certificate, key).startswith(f"{key}: the private key is encrypted, and nobody is there")


def test_a_key_of_another_certificate_is_told(tmp_path: Path, door: Made, alice: Made) -> None:
    certificate, _ = door.written(tmp_path, "door")
    for other in (alice, make_certificate(private_key=rsa.generate_private_key(65537, 2048))):
        _, key = other.written(tmp_path, "other")
        assert refusal(certificate, key).startswith(
            f"{key}: this key does not belong to the certificate in {certificate}; put the pair there"
        )


def test_a_chain_whose_first_is_not_the_door_s_own_is_told(tmp_path: Path, alice: Made) -> None:
    authority = make_certificate("authority")
    leaf = make_certificate("door.example", signer=authority)
    certificate, key = leaf.written(tmp_path, "door")
    certificate.write_text(alice.pem + authority.pem + leaf.pem)
    assert refusal(certificate, key) == (
        f"{certificate}: the key belongs to certificate 3 in it, and the door's own has to be the first; "
        "put that one at the top"
    )


def test_what_the_library_finds_too_weak_is_told_in_its_words(tmp_path: Path) -> None:
    weak = make_certificate(private_key=rsa.generate_private_key(65537, 1024))  # noqa: S505 - to be refused
    certificate, key = weak.written(tmp_path, "weak")
    assert refusal(certificate, key) == (
        f"{certificate}: the TLS library refuses it with its key: ee key too small"
    )


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path, door: Made) -> None:
    certificate, key = door.written(tmp_path, "door")
    for length in range(0, len(door.pem) - 1, 7):
        certificate.write_text(door.pem[:length])
        assert refusal(certificate, key).startswith(f"{certificate}: ")
    certificate.write_text(door.pem)
    for length in range(0, len(door.key_pem) - 1, 7):
        key.write_text(door.key_pem[:length])
        assert refusal(certificate, key).startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no private key in PEM"),
        (
            "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n",
            "there is no private key in PEM",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\n",
            "there is no private key in PEM in it that can be read; put all of it there",
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nMA==\n-----END OPENSSH PRIVATE KEY-----\n",
            "this is a private key of OpenSSH, which TLS does not know",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n", "in PEM in it that can be read"),
    ],
)
def test_what_is_no_key_is_told(tmp_path: Path, door: Made, text: str, told: str) -> None:
    certificate, key = door.written(tmp_path, "door")
    key.write_text(text)
    assert told in refusal(certificate, key)


def test_a_key_without_its_certificate_is_told(tmp_path: Path, door: Made) -> None:
    certificate, key = door.written(tmp_path, "door")
    certificate.write_text("")
    assert refusal(certificate, key) == f"{certificate}: there is no certificate in PEM in it"
    certificate.unlink()
    assert refusal(certificate, key) == f"{certificate}: it cannot be read: No such file or directory"


# What is served


@contextlib.contextmanager
def served(context: ssl.SSLContext) -> Iterator[tuple[str, list[bytes | None]]]:
    """Greet whoever comes through the handshake; yields the address, and the certificates that came."""
    shown: list[bytes | None] = []

    def greet(peer: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(peer, server_side=True) as encrypted:
            shown.append(encrypted.getpeercert(binary_form=True))
            encrypted.sendall(b"hello\n")

    with listening(greet) as url:
        yield url.removeprefix("tcp://"), shown


def s_client(address: str, *words: str) -> tuple[bool, str]:
    """Whether openssl came through the handshake and was greeted, and all that it said."""
    run = subprocess.run(
        ["openssl", "s_client", "-ign_eof", "-connect", address, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        stdin=subprocess.DEVNULL,
    )
    return "\nhello\n" in run.stdout, run.stdout + run.stderr


@pytest.fixture
def pair(tmp_path: Path, door: Made) -> CertificatePair:
    return load(door.written(tmp_path, "door"))


CIPHERS = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
}


def test_the_context_says_what_mozilla_s_intermediate_profile_says(pair: CertificatePair) -> None:
    context = server_context(pair)
    assert {cipher["name"] for cipher in context.get_ciphers()} == CIPHERS
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    for option in (ssl.OP_NO_COMPRESSION, ssl.OP_NO_RENEGOTIATION, ssl.OP_NO_TICKET):
        assert option in context.options
    assert ssl.OP_CIPHER_SERVER_PREFERENCE not in context.options
    assert (context.num_tickets, context.verify_mode) == (0, ssl.CERT_NONE)


@pytest.mark.needs_program("openssl", package="openssl")
def test_openssl_comes_in_by_the_versions_and_ciphers_that_count_and_by_no_others(
    pair: CertificatePair, tmp_path: Path
) -> None:
    with served(server_context(pair)) as (address, _):
        trusting = (
            "-CAfile",
            str(tmp_path / "door.pem"),
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
        )
        for words in (["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]):
            is_in, said = s_client(address, *trusting, *words)
            assert is_in, said
            assert "New Session Ticket arrived" not in said
        for words in (
            ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
            ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
        ):
            assert not s_client(address, *words)[0]


@pytest.mark.needs_program("openssl", package="openssl")
def test_the_client_chooses_among_the_ciphers(pair: CertificatePair) -> None:
    with served(server_context(pair)) as (address, _):
        for first, second in (
            ("AES256-GCM-SHA384", "CHACHA20-POLY1305"),
            ("CHACHA20-POLY1305", "AES256-GCM-SHA384"),
        ):
            order = f"ECDHE-ECDSA-{first}:ECDHE-ECDSA-{second}"
            _, said = s_client(address, "-tls1_2", "-cipher", order)
            assert f"Cipher is ECDHE-ECDSA-{first}" in said


@pytest.mark.needs_program("openssl", package="openssl")
def test_what_is_served_is_what_was_read_whatever_stands_there_now(
    tmp_path: Path, pair: CertificatePair, alice: Made
) -> None:
    alice.written(tmp_path, "door")
    with served(server_context(pair)) as (address, _):
        _, said = s_client(address)
    assert "CN = door.example" in said


# Users with certificates


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_user_who_shows_a_certificate_is_known_and_nobody_has_to(
    tmp_path: Path, pair: CertificatePair, alice: Made, version: str
) -> None:
    certificate, key = alice.written(tmp_path, "alice")
    carl = make_certificate("carl")
    with served(server_context(pair, client_certificates=[carl.der, alice.der])) as (address, shown):
        assert s_client(address, version, "-cert", str(certificate), "-key", str(key))[0]
        assert s_client(address, version)[0]
    assert shown == [alice.der, None]


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_certificate_of_nobody_and_one_that_ended_do_not_come_in(
    tmp_path: Path, pair: CertificatePair, alice: Made, version: str
) -> None:
    ended = make_certificate("ended", begins=NOW - 9000 * DAY, ends=NOW - 8000 * DAY)
    mallory = make_certificate("alice")
    context = server_context(pair, client_certificates=[alice.der, ended.der])
    with served(context) as (address, shown):
        for each in (mallory, ended):
            certificate, key = each.written(tmp_path, "client")
            assert not s_client(address, version, "-cert", str(certificate), "-key", str(key))[0]
    assert shown == []


@pytest.mark.needs_program("openssl", package="openssl")
def test_a_user_s_certificate_of_an_authority_counts_and_its_sisters_do_not(
    tmp_path: Path, pair: CertificatePair
) -> None:
    authority = make_certificate("authority")
    alice, sister = (make_certificate(name, signer=authority) for name in ("alice", "sister"))
    with served(server_context(pair, client_certificates=[alice.der])) as (address, shown):
        for each in (alice, sister):
            certificate, key = each.written(tmp_path, "client")
            s_client(address, "-cert", str(certificate), "-key", str(key))
    assert shown == [alice.der]


def test_a_user_s_certificate_that_the_library_does_not_take_is_told(pair: CertificatePair) -> None:
    broken = make_certificate("cut").der
    with pytest.raises(
        CertificateError, match=r"user's certificate with SHA-256 [0-9A-F:]{95}: the TLS library"
    ):
        server_context(pair, client_certificates=[broken[:-1]])


# Dates and words


def dated(folder: Path, *, begins: datetime, ends: datetime, beside: str = "") -> CertificatePair:
    certificate, key = make_certificate(names=("a.example",), begins=begins, ends=ends).written(
        folder, "dated"
    )
    certificate.write_text(certificate.read_text() + beside)
    return load((certificate, key))


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [
        (-DAY, 15 * DAY, ""),
        (-DAY, 14 * DAY - timedelta(seconds=1), "it ends on 2030-06-29 11:59 UTC; renew it"),
        (-9 * DAY, -DAY, "it ended on 2030-06-14 12:00 UTC; clients refuse it"),
        (DAY, 90 * DAY, "it counts only from 2030-06-16 12:00 UTC on; clients refuse it"),
    ],
)
def test_dates_are_notices_and_no_errors(
    tmp_path: Path, begins: timedelta, ends: timedelta, told: str
) -> None:
    pair = dated(tmp_path, begins=NOW + begins, ends=NOW + ends)
    notices = notices_of(pair, wall_seconds=NOW.timestamp())
    assert notices == ((f"{tmp_path}/dated.pem: {told}",) if told else ())
    assert server_context(pair).cert_store_stats()["x509"] == 0


def test_one_on_the_way_to_the_authority_that_ended_is_told(tmp_path: Path) -> None:
    ended = make_certificate("between", begins=NOW - 9 * DAY, ends=NOW - DAY)
    pair = dated(tmp_path, begins=NOW - DAY, ends=NOW + 90 * DAY, beside=ended.pem)
    assert notices_of(pair, wall_seconds=NOW.timestamp()) == (
        f"{tmp_path}/dated.pem: of certificate 2: it ended on 2030-06-14 12:00 UTC",
    )


@pytest.mark.needs_program("openssl", package="openssl")
def test_a_certificate_that_is_for_servers_alone_lets_no_user_in(
    tmp_path: Path, pair: CertificatePair
) -> None:
    # the one that a daemon makes for itself says that it is
    make_own_certificate(tmp_path, host="tower", wall_seconds=NOW.timestamp() - 5 * 365 * 86_400)
    servers = load((tmp_path / "cert.pem", tmp_path / "key.pem"))
    with served(server_context(pair, client_certificates=[servers.own.der])) as (address, shown):
        words = ("-cert", servers.certificate_path, "-key", servers.key_path)
        assert not s_client(address, "-tls1_2", *words)[0]
    assert shown == []
