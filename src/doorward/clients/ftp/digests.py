"""The SHA-256 of a file as the server computes it, where it offers that."""

from doorward.clients.ftp.features import parse_sha256
from doorward.clients.ftp.session import Session

DIGEST_SECONDS = 3600.0
"""How long a server may take: it has to read the file."""


async def sha256_of(session: Session, name: str) -> str | None:
    """
    The digest in lower-case hexadecimal digits; None where the server does not compute it.

    Raises:
        ConnectError: it could not be asked.
    """
    features = await session.features()
    if "SHA-256" in features.get("HASH", "").upper().replace("*", "").split(";"):
        if not (await session.ask("OPTS", "HASH SHA-256")).is_good:
            return None
        return parse_sha256(await session.ask("HASH", name, within_seconds=DIGEST_SECONDS))
    if "XSHA256" in features and not (" " in name and '"' in name):
        # numbers may follow the name, so that one with a space is quoted; how a quote then is, nobody says
        argument = f'"{name}"' if " " in name else name
        return parse_sha256(await session.ask("XSHA256", argument, within_seconds=DIGEST_SECONDS))
    return None
