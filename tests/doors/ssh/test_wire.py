"""What is read out of keys, certificates and signatures."""

import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.ssh.wire import certificate_facts, channel_open, channel_request, is_trusted
from tests.doors.ssh_peers import make_key, needs_ssh, public_line, sign


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


SOUND = string(b"rsa-sha2-512") + string(b"x")


def blob_of(line: str) -> bytes:
    return b64decode(line.split()[1])


@needs_ssh
@pytest.mark.parametrize(
    ("kind", "bits", "is_sound"),
    [("ed25519", 0, True), ("ecdsa", 384, True), ("rsa", 2048, True), ("rsa", 1024, False)],
)
def test_a_key_and_its_certificate_are_judged_alike(
    tmp_path: Path, kind: str, bits: int, *, is_sound: bool
) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path, kind=kind, bits=bits)
    assert is_trusted(blob_of(public_line(key)), SOUND) is is_sound
    sign(authority, key, "-n", "a", "-z", "7")
    certificate = blob_of(key.with_name("key-cert.pub").read_text())
    assert is_trusted(certificate, SOUND) is is_sound
    facts = certificate_facts(certificate)
    assert facts is not None
    assert (facts.key_id, facts.serial, facts.signature) == ("a test", 7, b"ssh-ed25519")
    assert certificate_facts(certificate[:-1]) is None
    assert certificate_facts(certificate + b"x") is None


@needs_ssh
def test_a_signature_with_sha_1_is_not_trusted(tmp_path: Path) -> None:
    key = blob_of(public_line(make_key(tmp_path, kind="rsa", bits=2048)))
    assert is_trusted(key, b"")
    for name in (b"ssh-rsa", b"ssh-dss", b"", b"rsa-sha1"):
        assert not is_trusted(key, string(name) + string(b"x"))


@pytest.mark.parametrize("kind", [b"ssh-dss", b"x509v3-ssh-rsa", b"ssh-ed448", b"webauthn-sk-ecdsa", b""])
def test_other_kinds_are_not_trusted(kind: bytes) -> None:
    assert not is_trusted(string(kind) + string(b"x" * 300) * 4, SOUND)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_no_bytes_raise(blob: bytes, signature: bytes) -> None:
    is_trusted(blob, signature)
    certificate_facts(string(b"ssh-rsa-cert-v01@openssh.com") + blob)
    channel_request(blob)


def test_a_channel_request_is_known_by_its_name() -> None:
    assert channel_request(string(b"env") + b"\1rest") == (b"env", True)
    assert channel_request(string(b"env") + b"\0") == (b"env", False)
    assert channel_request(b"\0\0\0\x09env") == (b"", False)


@needs_ssh
def test_the_keys_of_these_tests_are_openssh_s() -> None:
    assert subprocess.run(["ssh", "-V"], capture_output=True, check=True).stderr.startswith(b"OpenSSH")


def test_what_a_client_takes_in_one_packet_is_read_whole_or_not_at_all() -> None:
    numbers = (7).to_bytes(4, "big") + (2**31).to_bytes(4, "big") + (512).to_bytes(4, "big")
    payload = string(b"session") + numbers
    assert channel_open(payload) == (7, 512)
    assert all(channel_open(payload[:size]) is None for size in range(len(payload)))
