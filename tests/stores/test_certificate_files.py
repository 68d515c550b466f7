"""Who may have a hand in files of certificates and keys."""

import os
from pathlib import Path

import pytest

from doorward.core.errors import CertificateError
from doorward.stores.certificate_files import read_anybodys_file, read_certificate_file, read_key_file

UID = os.geteuid()
STRANGER_UID = 65_533
GROUP = 65_532

needs_root = pytest.mark.skipif(UID != 0, reason="only root can give a file to somebody else")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.pem"
    path.write_bytes(b"content")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o444, 0o400])
def test_a_certificate_may_be_read_by_everybody(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_certificate_file(str(file), uid=UID) == b"content"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o602, 0o620])
def test_nothing_is_read_that_others_can_write(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(
        CertificateError, match=rf"others can write it \(mode {mode:04o}\); type: chmod go-w '"
    ):
        read_certificate_file(str(file), uid=UID)
    with pytest.raises(CertificateError, match="others can get at the private key"):
        read_key_file(str(file), uid=UID)


def test_what_a_person_looks_at_may_be_anybody_s(file: Path) -> None:
    file.chmod(0o666)
    assert read_anybodys_file(str(file)) == b"content"


@pytest.mark.parametrize("mode", [0o604, 0o601, 0o620, 0o660, 0o644])
def test_a_key_that_everybody_can_reach_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(CertificateError) as caught:
        read_key_file(str(file), uid=UID)
    assert str(caught.value) == (
        f"{file}: others can get at the private key in it (mode {mode:04o}); type: chmod 600 '{file}'"
    )


@needs_root
def test_a_group_may_read_a_key_that_root_gave_it_and_no_other(file: Path) -> None:
    file.chmod(0o640)
    os.chown(file, 0, GROUP)
    assert read_key_file(str(file), uid=STRANGER_UID) == b"content"
    os.chown(file, STRANGER_UID, GROUP)
    with pytest.raises(CertificateError, match="others can get at the private key"):
        read_key_file(str(file), uid=STRANGER_UID)
    file.chmod(0o600)
    assert read_key_file(str(file), uid=STRANGER_UID) == b"content"


@needs_root
def test_a_file_of_a_stranger_is_refused(file: Path) -> None:
    file.chmod(0o600)
    os.chown(file, STRANGER_UID, GROUP)
    for read in (read_certificate_file, read_key_file):
        with pytest.raises(CertificateError, match=rf"belongs to uid {STRANGER_UID}.*chown {UID} '"):
            read(str(file), uid=UID)


def test_links_are_followed(file: Path, tmp_path: Path) -> None:
    file.chmod(0o600)
    link = tmp_path / "live.pem"
    link.symlink_to(file)
    assert read_key_file(str(link), uid=UID) == b"content"


def test_what_is_no_file_of_its_size_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    large = tmp_path / "large"
    large.write_bytes(b"x" * (64 * 1024 + 1))
    large.chmod(0o600)
    for name, told in (
        ("pipe", "no regular file"),
        ("folder", "no regular file|Is a directory"),
        ("large", "more than 65536 bytes"),
        ("missing", "No such file"),
        ("nul\0", "cannot be a path"),
    ):
        with pytest.raises(CertificateError, match=told):
            read_key_file(str(tmp_path / name), uid=UID)
        with pytest.raises(CertificateError, match=told):
            read_anybodys_file(str(tmp_path / name))
