"""Passwords and tokens, from a prompt, a file or the environment; never from argv, which all can read."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from doorward.core.errors import ConnectError, DoorwardError, TrustError
from doorward.core.secret import Secret

ENVIRONMENT_NAME = "DOORWARD_PASSWORD"
TOKEN_NAME = "DOORWARD_TOKEN"  # noqa: S105 - the name of a variable

_FILE_BYTES = 8 * 1024


class NoPassword(DoorwardError):
    """There is no way to get a password or a token here, or two that were typed differ."""


def password_from_file(file: Path) -> Secret:
    """
    The first line of `file`; `-` is stdin.

    Raises:
        NoPassword: it cannot be read, or its first line is empty or no text.
        TrustError: others than its owner can read it.
    """
    return _secret_from_file(file, what="password")


def token_for_login(file: Path | None, environment: Mapping[str, str]) -> Secret | None:
    """
    The token to log in with: the first line of `file`, else what the environment says; None for none.

    Raises:
        NoPassword, TrustError: as `password_from_file`; what is no visible ASCII is no token either.
    """
    token = _secret_from_file(file, what="token") if file else Secret(environment.get(TOKEN_NAME, ""))
    if not token.revealed:
        return None
    if not (token.revealed.isascii() and token.revealed.isprintable() and " " not in token.revealed):
        raise NoPassword(
            f"what {file or f'${TOKEN_NAME}'} says is no token: there are other characters in it"
        )
    return token


def _secret_from_file(file: Path, *, what: str) -> Secret:
    if str(file) == "-":
        return _first_line(sys.stdin.buffer.readline(_FILE_BYTES), "stdin", what=what)
    try:
        with file.open("rb") as opened:
            check_secrecy(os.fstat(opened.fileno()), file, what=f"a {what}")
            return _first_line(opened.readline(_FILE_BYTES), str(file), what=what)
    except OSError as error:
        from doorward.clients._tls import words_of_error

        raise NoPassword(f"{file} cannot be read: {words_of_error(error)}") from error


def check_secrecy(status: os.stat_result, file: Path, *, what: str) -> None:
    """
    Make sure that only its owner can read `file`, which holds `what`; what is no regular file passes.

    Raises:
        TrustError: others can.
    """
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        raise TrustError(f"{file} holds {what} and others may read it; type: chmod 600 {file}")


def password_for_login(
    file: Path | None, environment: Mapping[str, str], *, where: str, may_prompt: bool = True
) -> Secret:
    """
    The password to log in with at `where`.

    Raises:
        ConnectError: none was given, and there is no terminal to ask for it, or it may not be asked.
        NoPassword, TrustError: as `password_from_file`.
    """
    if file is not None:
        return password_from_file(file)
    if given := environment.get(ENVIRONMENT_NAME):
        return Secret(given)
    if not (may_prompt and _has_terminal()):
        raise ConnectError(
            where,
            "login",
            "a password is wanted, and there is no terminal to ask for it",
            f"Use --password-file, or set ${ENVIRONMENT_NAME}.",
        )
    return _prompted(f"Password for {where}: ")


def new_password(file: Path | None, *, otherwise: str) -> Secret:
    """
    A password to be set: from `file`, or typed twice; `otherwise` names the options for where neither can be.

    Raises:
        NoPassword: what was typed differs, or nothing can be typed here.
        TrustError: as `password_from_file`.
    """
    if file is not None:
        return password_from_file(file)
    if not _has_terminal():
        raise NoPassword(f"a password is wanted, and there is no terminal to ask for it; use {otherwise}")
    first = _prompted("New password: ")
    if not first.revealed:
        raise NoPassword("an empty password is none; nothing was changed")
    if first != _prompted("Once more: "):
        raise NoPassword("the two passwords differ; nothing was changed")
    return first


def _first_line(line: bytes, origin: str, *, what: str) -> Secret:
    text = line.removesuffix(b"\n").removesuffix(b"\r")
    if not text:
        raise NoPassword(f"the first line of {origin} is empty and so no {what}")
    try:
        return Secret(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NoPassword(f"the first line of {origin} is no text in UTF-8") from error


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _prompted(prompt: str) -> Secret:
    from getpass import getpass

    try:
        return Secret(getpass(prompt))
    except EOFError as error:
        raise NoPassword("no password was typed") from error
