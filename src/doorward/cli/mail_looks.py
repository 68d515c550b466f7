"""What a try to deliver mail would stumble over before it reaches the server."""

from doorward.core.errors import ConnectError
from doorward.core.mail_settings import MailSettings


def mail_looked_over(settings: MailSettings) -> tuple[str, ...]:
    """Tell of the password and of the certificates to trust that this process cannot use."""
    if not (settings.password_file or settings.ca):
        return ()
    # TLS comes with it
    from doorward.clients.smtp.trust import context_of, password_of

    told: list[str] = []
    for name, is_given, read in (
        ("password_file", settings.password_file, password_of),
        ("ca", settings.ca, context_of),
    ):
        try:
            if is_given:
                read(settings)
        except ConnectError as error:
            step = f"; {error.next_step[:1].lower()}{error.next_step[1:]}" if error.next_step else ""
            told.append(f"mail.{name}: {error.problem}{step}")
    return tuple(told)
