"""What a mail server is trusted by, and what we log in with: both are files, so neither is read on a loop."""

import ssl

from doorward.clients._secret_lines import secret_line
from doorward.clients._tls import trust_file, words_of_error
from doorward.core.errors import ConnectError, SourceError
from doorward.core.mail_settings import MailSettings
from doorward.core.secret import Secret


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
    try:
        return secret_line(settings.password_file, kind="password")
    except SourceError as error:
        raise ConnectError(
            settings.server, "login", f"{error.source}: {error.problem}", error.next_step
        ) from error
