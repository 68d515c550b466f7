"""Files that are no configuration, or that others could have written or read."""

import os
import socket
from pathlib import Path

import pytest

from doorward.config import Machine, examine, load_settings
from doorward.core.errors import ConfigurationError, TrustError
from tests.config.conftest import WriteConfiguration

HASH = "$argon2id$v=19$m=65536,t=3,p=1$g1lJ2vlV39siNOCUc9iCBw$VNGrQVQ9i9yDkj2ffsagp/HLDrcUn+1oTUajFTpnUYI"
WITH_PASSWORD = f'[users.alice]\npassword = "{HASH}"\n'


def _told(file: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(file)
    text = str(raised.value)
    assert "\n" not in text
    return text.removeprefix(str(file))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert _told(tmp_path / "none.toml") == ": it cannot be read: No such file or directory"


def test_a_path_with_nul_is_told() -> None:
    assert _told(Path("/a\0b")) == "this cannot be a path; found '/a\\x00b'"


def test_a_path_that_is_too_long_is_told() -> None:
    assert _told(Path("/" + "a" * 300)) == ": it cannot be read: File name too long"


def test_a_folder_is_told(tmp_path: Path) -> None:
    assert _told(tmp_path) == ": a configuration is read from a regular file only; found a folder"


def test_a_named_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _told(tmp_path / "pipe").endswith("found a named pipe")


def test_a_device_is_told() -> None:
    assert _told(Path("/dev/zero")).endswith("found a device")


def test_a_socket_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert _told(tmp_path / "s") == ": it cannot be read: No such device or address"


def test_a_circle_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert _told(tmp_path / "a") == ": it cannot be read: Too many levels of symbolic links"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read it")
def test_a_file_that_may_not_be_read_is_told(write_configuration: WriteConfiguration) -> None:
    file = write_configuration("")
    os.seteuid(65534)
    try:
        # the folders above it are private to root as well
        assert _told(file) == ": it cannot be read: Permission denied"
    finally:
        os.seteuid(0)


def test_a_file_that_is_too_large_is_told(write_configuration: WriteConfiguration) -> None:
    file = write_configuration("#" * (1024 * 1024 + 1))
    assert _told(file) == ": the file is too large; expected at most 1048576 bytes"


def test_a_file_of_the_largest_size_is_read(write_configuration: WriteConfiguration) -> None:
    assert load_settings(write_configuration("#" * (1024 * 1024))).users == {}


def test_bytes_that_are_not_utf_8_are_told_with_their_line(write_configuration: WriteConfiguration) -> None:
    file = write_configuration(b"# a\n# b\n# \xff\n")
    assert _told(file) == ":3: this is not UTF-8; found the byte 0xff"


def test_a_byte_order_mark_is_told(write_configuration: WriteConfiguration) -> None:
    assert _told(write_configuration(b"\xef\xbb\xbf[server]\n")).startswith(
        ":1: the file begins with a byte order"
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a =", ":1: this is not TOML: "),
        ('\na = "x\nb = 1\n', ":2: this is not TOML: "),
        ("# one\n\n[a\n", ":3: this is not TOML: "),
        ("a = 1\na = 2\n", ":2: this is not TOML: "),
        ("[a]\n[a]\n", ":2: this is not TOML: "),
        ("a = \x00\n", ":1: this is not TOML: "),
        ("a = 2020-13-01\n", ":1: this is not TOML: "),
        ('a = """\n\n', ":1: this is not TOML: "),
    ],
)
def test_bad_syntax_is_told_with_its_line(
    write_configuration: WriteConfiguration, text: str, start: str
) -> None:
    told = _told(write_configuration(text))
    assert told.startswith(start)
    assert told.isprintable()


def test_an_endless_number_is_told(write_configuration: WriteConfiguration) -> None:
    assert _told(write_configuration("a = " + "9" * 10_000)) == ": a number is too long"


def test_endless_nesting_is_told(write_configuration: WriteConfiguration) -> None:
    assert _told(write_configuration("a = " + "[" * 100_000)) == ": arrays or tables are nested too deeply"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_trusted(
    write_configuration: WriteConfiguration, mode: int
) -> None:
    file = write_configuration("", mode=mode)
    with pytest.raises(TrustError, match=f"{file} can be written by others .*: chmod go-w {file}"):
        load_settings(file)


def test_a_file_of_somebody_else_is_not_trusted(write_configuration: WriteConfiguration) -> None:
    file = write_configuration("")
    own = file.stat().st_uid
    if own == 0:
        os.chown(file, 12345, -1)
        own = 12345
    with pytest.raises(TrustError, match=f"belongs to uid {own}.*: chown 54321 "):
        load_settings(file, machine=Machine(uid=54321))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_password_that_others_can_read_is_not_trusted(
    write_configuration: WriteConfiguration, mode: int
) -> None:
    file = write_configuration(WITH_PASSWORD, mode=mode)
    with pytest.raises(TrustError, match=rf"others may read it \(mode {mode:04o}\).*: chmod 600 {file}"):
        load_settings(file)


def test_a_file_without_passwords_may_be_read_by_all(write_configuration: WriteConfiguration) -> None:
    assert (
        load_settings(write_configuration("[users.alice]\nuid = 70000\n", mode=0o644)).users["alice"].uid
        == 70000
    )


def test_distrust_is_told_before_all_that_is_wrong(write_configuration: WriteConfiguration) -> None:
    problems = examine(write_configuration(WITH_PASSWORD + "[servr]\n", mode=0o644)).problems
    assert [type(problem) for problem in problems] == [TrustError, ConfigurationError]
