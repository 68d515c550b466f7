"""What a mail server is trusted by, and what we log in with: both are files, so neither is read on a loop."""

import os
import ssl
import stat

from doorward.clients._tls import trust_file, words_of_error
from doorward.core.errors import ConnectError
from doorward.core.mail_settings import MailSettings
from doorward.core.secret import Secret

_PASSWORD_BYTES = 4096


def context_of(settings: MailSettings) -> ssl.SSLContext:
    """
    What a handshake with the server goes by: its certificate has to be good for its name.

    Raises:
        ConnectError: the certificates to trust cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.ca:
        context.load_default_certs()
        return context
    try:
        trust_file(context, settings.ca)
    except OSError as error:
        raise ConnectError(
            settings.server,
            "TLS",
            f"{settings.ca} holds no certificates to trust: {words_of_error(error)}",
            "`ca` of the table [mail] names a file in PEM.",
        ) from error
    return context


def password_of(settings: MailSettings) -> Secret:
    """
    The first line of the password's file.

    Its group may read it, as it can with credentials of systemd.

    Raises:
        ConnectError: it cannot be read, everybody else can, or there is nothing in it.
    """
    path = settings.password_file
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.readline(_PASSWORD_BYTES + 1)
    except OSError as error:
        raise _unusable(settings, f"{path} cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and mode & 0o027:
        raise _unusable(
            settings, f"{path} holds a password and others may read it", f"Type: chmod 600 {path}"
        )
    try:
        password = line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError:
        # the error would show what stands there
        password = ""
    if not password or len(line) > _PASSWORD_BYTES:
        raise _unusable(settings, f"the first line of {path} is no password")
    return Secret(password)


def _unusable(settings: MailSettings, problem: str, next_step: str = "") -> ConnectError:
    return ConnectError(settings.server, "login", problem, next_step)
