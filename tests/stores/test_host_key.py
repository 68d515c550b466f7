"""The host key of the SSH door."""

import os
import subprocess
from pathlib import Path

import pytest

from doorward.core.errors import CertificateError
from doorward.core.settings import SshSettings
from doorward.stores.host_key import load_host_key
from tests.doors.ssh_peers import make_key, needs_ssh, sign

pytestmark = needs_ssh


def test_it_is_made_once_and_ssh_keygen_reads_it(tmp_path: Path) -> None:
    made = load_host_key(SshSettings(), tmp_path)
    path = tmp_path / "ssh_host_ed25519_key"
    assert (made.path, path.stat().st_mode & 0o777) == (str(path), 0o600)
    assert load_host_key(SshSettings(), tmp_path) == made
    told = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.split()[1] == made.fingerprint
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True)
    assert (tmp_path / "ssh_host_ed25519_key.pub").read_text().split()[:2] == public.stdout.split()[:2]
    assert "PRIVATE" not in repr(made)


def test_a_keeper_s_own_is_taken_with_the_certificate_beside_it_or_elsewhere(tmp_path: Path) -> None:
    authority, key = make_key(tmp_path, "ca"), make_key(tmp_path)
    assert load_host_key(SshSettings(host_key=str(key)), tmp_path).certificate == b""
    sign(authority, key, "-h", "-n", "host")
    beside = tmp_path / "key-cert.pub"
    certificate = beside.read_bytes()
    assert load_host_key(SshSettings(host_key=str(key)), tmp_path).certificate == certificate
    elsewhere = beside.rename(tmp_path / "elsewhere")
    settings = SshSettings(host_key=str(key), host_certificate=str(elsewhere))
    assert load_host_key(settings, tmp_path).certificate == certificate
    assert not (tmp_path / "ssh_host_ed25519_key").exists()


def test_one_that_others_can_read_is_refused_with_what_to_type(tmp_path: Path) -> None:
    load_host_key(SshSettings(), tmp_path)
    path = tmp_path / "ssh_host_ed25519_key"
    path.chmod(0o604)
    with pytest.raises(CertificateError, match="chmod 600"):
        load_host_key(SshSettings(), tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_one_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path, kind=kind)
    with pytest.raises(CertificateError, match="of another kind than Ed25519"):
        load_host_key(SshSettings(host_key=str(key)), tmp_path)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    path.chmod(0o600)
    with pytest.raises(CertificateError, match="no private key of OpenSSH"):
        load_host_key(SshSettings(host_key=str(path)), tmp_path)
    with pytest.raises(CertificateError, match="cannot be read"):
        load_host_key(SshSettings(host_key=str(tmp_path / "none")), tmp_path)


@pytest.mark.parametrize("what", ["another key's", "a user's key alone", "words", "nothing"])
def test_a_certificate_that_is_not_its_own_is_refused(tmp_path: Path, what: str) -> None:
    authority, key, other = (make_key(tmp_path, name) for name in ("ca", "key", "other"))
    sign(authority, other, "-h", "-n", "host")
    texts = {
        "another key's": (tmp_path / "other-cert.pub").read_text(),
        "a user's key alone": (tmp_path / "key.pub").read_text(),
        "words": "this is none\n",
        "nothing": "",
    }
    (tmp_path / "key-cert.pub").write_text(texts[what])
    with pytest.raises(CertificateError, match="certificate"):
        load_host_key(SshSettings(host_key=str(key)), tmp_path)


def test_no_leftover_of_a_killed_daemon_stays(tmp_path: Path) -> None:
    (tmp_path / ".ssh_host_ed25519_key.0.new").touch()
    load_host_key(SshSettings(), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]
