"""A configuration file to its text and its tables: nothing here waits, and every failure is one line."""

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from doorward.config.locator import Locator
from doorward.config.report import Key
from doorward.core.errors import ConfigurationError, TrustError

FILE_BYTES = 1024 * 1024
"""As large as a configuration may be; a thousand commands take a fifth of it."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Document:
    """
    One file, read.

    Attributes:
        file: its path.
        text: what stands in it.
        tables: what that means.
        mode: the bits of its permissions.
    """

    file: Path
    text: str
    tables: dict[str, Any]
    mode: int

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.text)

    def line_of(self, key: Key) -> int:
        """The line that `key` stands on."""
        return self._locator.line_of(key)

    def check_readers(self) -> None:
        """
        Make sure that nobody else can read the file, which holds secrets.

        Raises:
            TrustError: its group or the world may.
        """
        if self.mode & (stat.S_IRGRP | stat.S_IROTH):
            raise TrustError(
                f"{self.file} holds password hashes and others may read it (mode {self.mode:04o}); "
                f"make it private: chmod 600 {self.file}"
            )


def read_document(file: Path, *, uid: int) -> Document:
    """
    Read `file`, a regular file of at most `FILE_BYTES`, in UTF-8; `uid` is whom the daemon runs as.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML.
        TrustError: others than root and `uid` can write it.
    """
    data, mode = _read(file, uid)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "this is not UTF-8",
            file=str(file),
            line=data.count(b"\n", 0, error.start) + 1,
            found=f"the byte 0x{data[error.start]:02x}",
        ) from error
    return Document(file, text, _parse(text, file), mode)


def _read(file: Path, uid: int) -> tuple[bytes, int]:
    try:
        # without O_NONBLOCK the opening of a named pipe waits for whoever writes into it
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError as error:
        raise ConfigurationError("this cannot be a path", found=ascii(str(file))) from error
    except OSError as error:
        raise _unreadable(file, error) from error
    try:
        return _read_regular(descriptor, file, uid)
    except OSError as error:
        raise _unreadable(file, error) from error
    finally:
        os.close(descriptor)


def _read_regular(descriptor: int, file: Path, uid: int) -> tuple[bytes, int]:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise ConfigurationError(
            "a configuration is read from a regular file only", file=str(file), found=kind
        )
    _check_writers(file, status, uid)
    with open(descriptor, "rb", closefd=False) as opened:
        data = opened.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise ConfigurationError(
            "the file is too large", file=str(file), expected=f"at most {FILE_BYTES} bytes"
        )
    return data, stat.S_IMODE(status.st_mode)


def _unreadable(file: Path, error: OSError) -> ConfigurationError:
    reason = error.strerror or str(error)
    return ConfigurationError(f"it cannot be read: {reason}", file=str(file))


def _check_writers(file: Path, status: os.stat_result, uid: int) -> None:
    if status.st_uid not in {0, uid}:
        raise TrustError(
            f"{file} belongs to uid {status.st_uid}, who could have it run anything; "
            f"give it to root or to the daemon's user: chown {uid} {file}"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise TrustError(
            f"{file} can be written by others (mode {stat.S_IMODE(status.st_mode):04o}), "
            f"who could have it run anything; take that away: chmod go-w {file}"
        )


def _parse(text: str, file: Path) -> dict[str, Any]:
    if text.startswith("\ufeff"):
        raise ConfigurationError(
            "the file begins with a byte order mark, which TOML does not know; save it without one",
            file=str(file),
            line=1,
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, file, str(error)) from error
    except RecursionError as error:
        raise ConfigurationError("arrays or tables are nested too deeply", file=str(file)) from error
    except ValueError as error:
        # an integer of more than 4,300 digits: Python refuses to read it
        raise ConfigurationError("a number is too long", file=str(file)) from error


def _syntax_error(text: str, file: Path, message: str) -> ConfigurationError:
    place = _PLACE.search(message)
    problem = message[: place.start()] if place else message
    if place is None or place[1] is None:
        line, where = text.rstrip().count("\n") + 1, " at the end of the file" if place else ""
    else:
        line, where = int(place[1]), f" at column {place[2]}"
    # the parser shows characters of the file, escaped; this holds even if it forgot one
    printable = "".join(character if character.isprintable() else "?" for character in problem)
    return ConfigurationError(f"this is not TOML: {printable}{where}", file=str(file), line=line)
