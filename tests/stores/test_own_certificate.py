"""The certificate that a daemon makes for itself: once, whole, and good for every client."""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from doorward.core.errors import CertificateError
from doorward.stores.certificates import CertificatePair, load_pair
from doorward.stores.own_certificate import make_own_certificate
from tests.certificates import NOW, make_certificate

UID = os.geteuid()
AT = NOW.timestamp()
TOWER = "tower.example"


def loaded(folder: Path) -> CertificatePair:
    return load_pair(str(folder / "cert.pem"), str(folder / "key.pem"), uid=UID)


def test_what_is_made_says_so_itself(tmp_path: Path) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    pair = loaded(tmp_path)
    assert pair.facts == {
        "file": f"{tmp_path}/cert.pem",
        "names": list(pair.own.names),
        "not_after": "2040-06-14T12:00:00+00:00",
        "sha256": pair.own.fingerprint,
    }


def test_it_is_for_this_machine_by_its_names_and_for_ten_years(tmp_path: Path) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    own = loaded(tmp_path).own
    assert own.names == ("localhost", TOWER, "127.0.0.1", "::1")
    assert own.not_before == NOW - timedelta(days=1)
    assert own.not_after.year == 2040
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["cert.pem", "key.pem"]


def test_it_is_made_once(tmp_path: Path) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    first = (tmp_path / "cert.pem").read_bytes(), (tmp_path / "key.pem").read_bytes()
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT + 20 * 365 * 86_400)
    assert ((tmp_path / "cert.pem").read_bytes(), (tmp_path / "key.pem").read_bytes()) == first


def test_no_two_are_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_own_certificate(tmp_path / name, host=TOWER, wall_seconds=AT)
    assert (tmp_path / "a/key.pem").read_bytes() != (tmp_path / "b/key.pem").read_bytes()
    assert loaded(tmp_path / "a").own.fingerprint != loaded(tmp_path / "b").own.fingerprint


@pytest.mark.parametrize("host", ["", "-x", "bad_host", "a" * 64, "é", "a..b", "x\n", "localhost"])
def test_a_machine_whose_name_nobody_could_ask_for_is_localhost(tmp_path: Path, host: str) -> None:
    make_own_certificate(tmp_path, host=host, wall_seconds=AT)
    assert loaded(tmp_path).own.names == ("localhost", "127.0.0.1", "::1")


@pytest.mark.needs_program("openssl", package="openssl")
@pytest.mark.parametrize("words", [["-verify_hostname", "localhost"], ["-verify_ip", "::1"]])
def test_openssl_takes_it_as_strictly_as_it_can(tmp_path: Path, words: list[str]) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    path = str(tmp_path / "cert.pem")
    at = str(int(AT))
    subprocess.run(
        [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-attime",
            at,
            *words,
            "-CAfile",
            path,
            path,
        ],
        check=True,
        capture_output=True,
    )
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-in", path], check=True, capture_output=True, text=True
    ).stdout
    assert "NIST CURVE: P-256" in text
    assert "CA:FALSE" in text


def test_of_a_key_that_a_crash_left_alone_the_certificate_is_made(tmp_path: Path) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    key = (tmp_path / "key.pem").read_bytes()
    (tmp_path / "cert.pem").unlink()
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    assert (tmp_path / "key.pem").read_bytes() == key
    assert loaded(tmp_path).own.names[0] == "localhost"


def test_a_certificate_without_its_key_is_told_and_stays(tmp_path: Path) -> None:
    make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    certificate = (tmp_path / "cert.pem").read_bytes()
    (tmp_path / "key.pem").unlink()
    with pytest.raises(
        CertificateError, match=r"cert\.pem: its key key\.pem is gone; put that back, or remove"
    ):
        make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    assert (tmp_path / "cert.pem").read_bytes() == certificate
    assert os.listdir(tmp_path) == ["cert.pem"]


@pytest.mark.parametrize(
    "content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_none_can_be_made_of_is_told_and_stays(tmp_path: Path, content: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text(content)
    key.chmod(0o600)
    with pytest.raises(CertificateError, match=r"key\.pem: there is no cert\.pem beside it"):
        make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)
    assert os.listdir(tmp_path) == ["key.pem"]
    assert key.read_text() == content


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    _, key = make_certificate().written(tmp_path, "x")
    key.rename(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(CertificateError, match="others can get at the private key"):
        make_own_certificate(tmp_path, host=TOWER, wall_seconds=AT)


MAKE = """
import sys
from pathlib import Path
from doorward.stores.own_certificate import make_own_certificate
make_own_certificate(Path(sys.argv[1]), host='tower', wall_seconds=float(sys.argv[2]))
"""
MOST_CALLS = 20


@pytest.mark.needs_program("strace", package="strace")
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_killed_at_any_call_the_next_start_has_a_whole_pair(tmp_path: Path, call: str) -> None:
    for number in range(1, MOST_CALLS):
        folder = tmp_path / str(number)
        folder.mkdir(mode=0o700)
        injection = f"{call}:signal=KILL:when={number}"
        argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={injection}"]
        argv += [sys.executable, "-B", "-c", MAKE, str(folder), str(AT)]
        status = subprocess.run(argv, check=False, capture_output=True, timeout=60).returncode
        make_own_certificate(folder, host=TOWER, wall_seconds=AT)
        assert loaded(folder).own.names[0] == "localhost"
        assert sorted(os.listdir(folder)) == ["cert.pem", "key.pem"]
        if status == 0:
            # one was killed at least, and this last one was not
            assert number > 1
            return
        assert status == -9
    pytest.fail("every process was killed")


def test_only_making_one_imports_the_library_that_makes_them(tmp_path: Path) -> None:
    code = MAKE + "print('cryptography' in sys.modules)\n"
    argv = [sys.executable, "-c", code, str(tmp_path), str(AT)]
    said = [subprocess.run(argv, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert said == ["True\n", "False\n"]
